import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { TraceAnswer } from '../../../shared/protocol/views.ts'
import type { CommandContext } from '../command-context.ts'
import { filesToSend } from '../files-to-send.ts'
import { exitCodes } from '../surroundings.ts'
import { safeLine } from '../terminal-text.ts'
import { multipartBody } from '../upload-body.ts'

const ways = { mark: 'by the mark inside', checksum: 'by its checksum', name: 'by the short id in its name' }

/** `intake trace FILE` */
export function addTrace(program: Command, { act }: CommandContext): void {
  program
    .command('trace')
    .description('say whose copy of a bulk upload a file is')
    .argument('<file>', 'a file that came back')
    .action(async (file: string, _options: unknown, command: Command) => {
      const body = multipartBody({}, await filesToSend([file], { folders: false }))
      await act(command, async ({ api, printer }) => {
        const answer = await api.post<TraceAnswer>(paths.trace, { body })
        printer.result(answer, () => wordsOf(answer))
        return answer.found ? exitCodes.succeeded : exitCodes.failed
      })
    })
}

function wordsOf({ found }: TraceAnswer): string {
  if (!found) return 'It is no copy that this server knows.'
  const { account, file, importId, at, by } = found
  return `The copy of ${safeLine(file)} for ${safeLine(account.name)} (${account.id}), ${ways[by]}. Run ${importId}, ${at}.`
}
