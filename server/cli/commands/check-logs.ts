import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import { isFinal } from '../../../shared/session-status.ts'
import { chainEvents, chainStart } from '../../realtime/event-chain.ts'
import { logLine } from '../../sessions/log-text.ts'
import type { Api } from '../api.ts'
import type { CommandContext } from '../command-context.ts'
import { eventPages } from '../event-pages.ts'
import { exitCodes } from '../surroundings.ts'
import { safeLine } from '../terminal-text.ts'

/** What was found out about a log. `problems` is empty when the events, their numbers, the checksum and the text agree. */
type LogCheck = { importId: string; ended: boolean; events: number; lastSeq: number; checksum: string; problems: string[] }

/** `intake check-logs ID` */
export function addCheckLogs(program: Command, { act }: CommandContext): void {
  program
    .command('check-logs')
    .description('check that the log of an import is whole: numbers, checksum and text agree')
    .argument('<id>', 'id of the import')
    .action(async (importId: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const check = await checkLog(api, importId)
        printer.result(check, () => describeCheck(check))
        return check.problems.length === 0 ? exitCodes.succeeded : exitCodes.failed
      })
    })
}

/** Reads all events and, beside them, the log as text; neither is ever whole in memory. */
async function checkLog(api: Api, importId: string): Promise<LogCheck> {
  const { import: view } = await api.get<{ import: ImportView }>(paths.import(importId))
  const text = textLines(await api.open('GET', paths.log(importId)))
  const problems: string[] = []
  let last = 0
  let count = 0
  let checksum = chainStart
  try {
    for await (const events of eventPages(api, importId)) {
      for (const event of events) {
        if (event.seq !== last + 1) problems.push(`Event ${last + 1} is missing: ${event.seq} follows ${last}.`)
        last = event.seq
        const line = (await text.next()).value
        // A run that goes on may have got further between the two requests.
        if (line === undefined ? isFinal(view.status) : `${line}\n` !== logLine(event))
          problems.push(`Line ${event.seq} of the text log is not event ${event.seq}.`)
      }
      count += events.length
      checksum = chainEvents(checksum, events)
      if (problems.length >= 20) break
    }
    if (problems.length < 20) problems.push(...(await endProblems(view, last, checksum, text)))
  } finally {
    await text.return(undefined)
  }
  return { importId, ended: isFinal(view.status), events: count, lastSeq: last, checksum, problems }
}

async function endProblems(view: ImportView, last: number, checksum: string, text: AsyncGenerator<string, undefined>): Promise<string[]> {
  const problems: string[] = []
  if (last < view.lastSeq) problems.push(`The import says that event ${view.lastSeq} is there; the last that came is ${last}.`)
  if (!isFinal(view.status)) return problems
  if (last > view.lastSeq) problems.push(`The import ended with event ${view.lastSeq}, and ${last} came.`)
  if (view.logChecksum !== checksum) problems.push(`The checksum of the events is ${checksum}; the import ended with ${view.logChecksum ?? 'none'}.`)
  if ((await text.next()).done !== true) problems.push(`The text log has lines beyond event ${last}.`)
  return problems
}

async function* textLines(response: Response): AsyncGenerator<string, undefined> {
  if (response.body === null) return undefined
  let rest = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
  return undefined
}

function describeCheck({ ended, events, checksum, problems }: LogCheck): string {
  if (problems.length > 0) return `The log is NOT whole:\n${problems.map((problem) => `  ${safeLine(problem)}\n`).join('')}`
  const so = ended ? 'The log is whole' : 'The log is whole so far (the import goes on)'
  return `${so}: ${events} events without a hole, the text log agrees${ended ? ', and so does the checksum' : ''} (${checksum.slice(0, 16)}…).\n`
}
