import { Option } from 'commander'
import type { Command } from 'commander'
import { logLevels } from '../../../shared/protocol/views.ts'
import type { LogLevel, StoredEvent } from '../../../shared/protocol/views.ts'
import type { CommandContext } from '../command-context.ts'
import { eventPages } from '../event-pages.ts'
import { watchRun } from '../watch-run.ts'

type LogOptions = { level?: LogLevel; stream?: string; follow?: boolean }

/** `intake logs ID` */
export function addLogs(program: Command, { surroundings, act }: CommandContext): void {
  program
    .command('logs')
    .description('print the log of an import')
    .argument('<id>', 'id of the import')
    .addOption(new Option('--level <level>', 'only lines of this level and above').choices(logLevels))
    .option('--stream <name>', 'only lines of this stream (a file, a step, an account)')
    .option('--follow', 'go on until the import has ended')
    .action(async (importId: string, { level, stream, follow = false }: LogOptions, command: Command) => {
      await act(command, async ({ api, json, printer }) => {
        const levels = level === undefined ? undefined : logLevels.slice(logLevels.indexOf(level))
        if (follow) return await watchRun({ api, json, importId, logOnly: true, wanted: (event) => isWanted(event, levels, stream) }, surroundings)
        for await (const events of eventPages(api, importId, { level: levels?.join(','), stream })) for (const event of events) printer.event(event)
        return undefined
      })
    })
}

function isWanted(event: StoredEvent, levels: readonly LogLevel[] | undefined, stream: string | undefined): boolean {
  return (levels === undefined || levels.some((level) => level === event.level)) && (stream === undefined || stream === event.stream)
}
