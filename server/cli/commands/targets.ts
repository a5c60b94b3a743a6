import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { TargetTest, TargetView } from '../../../shared/protocol/views.ts'
import type { CommandContext } from '../command-context.ts'
import { exitCodes } from '../surroundings.ts'
import { targetIdOf } from '../target-names.ts'
import { safeLine, table } from '../terminal-text.ts'

/** `intake targets list|add|remove|test` */
export function addTargets(program: Command, context: CommandContext): void {
  const targets = program.command('targets').description('the databases that imports write to')
  addList(targets, context)
  addChanges(targets, context)
}

function addList(targets: Command, { act }: CommandContext): void {
  targets
    .command('list', { isDefault: true })
    .description('list them')
    .action(async (_options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const { items } = await api.get<{ items: TargetView[] }>(paths.targets)
        printer.result(items, () => table([['ID', 'NAME', 'ADDRESS'], ...items.map(({ id, name, url }) => [id, safeLine(name), safeLine(url)])]))
        return undefined
      })
    })

  targets
    .command('test')
    .description('say whether one answers')
    .argument('<id>', 'id or name')
    .action(async (wanted: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const test = await api.post<TargetTest>(paths.targetTest((await targetIdOf(api, wanted)) ?? wanted), { json: {} })
        printer.result(test, () =>
          test.ok ? `It answers: ${safeLine(test.version)}, ${test.tables} tables.` : `${safeLine(test.error.message)} (${test.error.code})`,
        )
        return test.ok ? exitCodes.succeeded : exitCodes.failed
      })
    })
}

function addChanges(targets: Command, { act }: CommandContext): void {
  targets
    .command('add')
    .description('add one; it is tested first')
    .argument('<name>', 'how people call it')
    .argument('<url>', 'sqlite:NAME.db or postgresql://user:password@host/database')
    .action(async (name: string, url: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const { target } = await api.post<{ target: TargetView }>(paths.targets, { json: { name, url } })
        printer.result(target, () => `Added ${target.id} (${safeLine(target.name)}).`)
        return undefined
      })
    })

  targets
    .command('remove')
    .description('forget one; the database itself is left as it is')
    .argument('<id>', 'id or name')
    .action(async (wanted: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const id = (await targetIdOf(api, wanted)) ?? wanted
        await api.delete(paths.target(id))
        printer.result({ removed: id }, () => `Removed ${id}.`)
        return undefined
      })
    })
}
