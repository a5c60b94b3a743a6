import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import { watchRun } from '../watch-run.ts'

/** `intake watch ID` */
export function addWatch(program: Command, { surroundings, act }: CommandContext): void {
  program
    .command('watch')
    .description('watch an import from its first line to its end')
    .argument('<id>', 'id of the import')
    .action(async (importId: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, json }) => await watchRun({ api, json, importId }, surroundings))
    })
}
