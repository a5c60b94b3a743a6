import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { logLevels } from '../../../shared/protocol/views.ts'
import type { LogLevel, StoredEvent } from '../../../shared/protocol/views.ts'
import type { CommandContext } from '../command-context.ts'
import { eventPages } from '../event-pages.ts'
import { watchRun } from '../watch-run.ts'

type LogOptions = { level?: LogLevel; stream?: string; file?: number; follow?: boolean }
type Wanted = { levels: readonly LogLevel[] | undefined; stream: string | undefined; file: number | undefined }

/** `intake logs ID` */
export function addLogs(program: Command, { surroundings, act }: CommandContext): void {
  program
    .command('logs')
    .description('print the log of an import')
    .argument('<id>', 'id of the import')
    .addOption(new Option('--level <level>', 'only lines of this level and above').choices(logLevels))
    .option('--stream <name>', 'only lines of this stream (a file, a step, an account)')
    .addOption(
      new Option(
        '--file <place>',
        'only the deliveries of this file of a bulk upload, by its place from 0; with --stream account/NAME one delivery',
      ).argParser(placeOf),
    )
    .option('--follow', 'go on until the import has ended')
    .action(async (importId: string, { level, stream, file, follow = false }: LogOptions, command: Command) => {
      await act(command, async ({ api, json, printer }) => {
        const levels = level === undefined ? undefined : logLevels.slice(logLevels.indexOf(level))
        if (follow)
          return await watchRun({ api, json, importId, logOnly: true, wanted: (event) => isWanted(event, { levels, stream, file }) }, surroundings)
        const filter = { level: levels?.join(','), stream, file: file?.toString() }
        for await (const events of eventPages(api, importId, filter)) for (const event of events) printer.event(event)
        return undefined
      })
    })
}

function isWanted(event: StoredEvent, { levels, stream, file }: Wanted): boolean {
  if (levels !== undefined && !levels.some((level) => level === event.level)) return false
  return (stream === undefined || stream === event.stream) && (file === undefined || file === fileOf(event))
}

/** The place of the file whose delivery the event tells of. */
function fileOf({ data }: StoredEvent): unknown {
  const { delivery } = (data ?? {}) as { delivery?: { file?: unknown } }
  return delivery?.file
}

function placeOf(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It is the place of a file in its upload: 0, 1, 2…')
  return Number(text)
}
