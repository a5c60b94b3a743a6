import { Option } from 'commander'
import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView } from '../../../shared/protocol/views.ts'
import type { CommandContext } from '../command-context.ts'
import { describeImport } from '../import-text.ts'
import { watchRun } from '../watch-run.ts'

/** `intake cancel ID`, `intake continue ID` and `intake retry ID` */
export function addControls(program: Command, { surroundings, act }: CommandContext): void {
  program
    .command('cancel')
    .description('ask an import to stop')
    .argument('<id>', 'id of the import')
    .action(async (importId: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const { import: view } = await api.post<{ import: ImportView }>(paths.cancel(importId), { json: {} })
        printer.result(view, () => describeImport(view))
        return undefined
      })
    })

  program
    .command('continue')
    .description('let an import that waits for a person go on')
    .argument('<id>', 'id of the import')
    .action(async (importId: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const { import: view } = await api.post<{ import: ImportView }>(paths.continue(importId), { json: {} })
        printer.result(view, () => describeImport(view))
        return undefined
      })
    })

  program
    .command('retry')
    .description('make another attempt of an import that has ended')
    .argument('<id>', 'id of the import')
    .addOption(new Option('--only <which>', 'what to do again: the failed records, or all').choices(['failed', 'all']).default('all'))
    .option('--follow', 'watch it to its end')
    .action(async (importId: string, { only, follow = false }: { only: string; follow?: boolean }, command: Command) => {
      await act(command, async ({ api, json, printer }) => {
        const { import: view } = await api.post<{ import: ImportView }>(paths.retry(importId), { json: { only } })
        printer.result(json && follow ? { import: view } : view, () => describeImport(view))
        return follow ? await watchRun({ api, json, importId, after: view.lastSeq }, surroundings) : undefined
      })
    })
}
