import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import type { CommandContext } from '../command-context.ts'
import { describeImport } from '../import-text.ts'

/** `intake status ID` */
export function addStatus(program: Command, { act }: CommandContext): void {
  program
    .command('status')
    .description('say how an import stands now')
    .argument('<id>', 'id of the import')
    .action(async (importId: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const { import: view } = await api.get<{ import: ImportView }>(paths.import(importId))
        printer.result(view, () => describeImport(view))
        return undefined
      })
    })
}
