import { Option } from 'commander'
import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { HistoryPage, ImportView, TargetView } from '../../../shared/protocol/views.ts'
import { importKinds } from '../../../shared/schemas/requests.ts'
import { sessionStatuses } from '../../../shared/session-status.ts'
import type { Api } from '../api.ts'
import type { CommandContext } from '../command-context.ts'
import { statusWords } from '../import-text.ts'
import { safeLine, table } from '../terminal-text.ts'

const filters = ['status', 'kind', 'user', 'target', 'q', 'from', 'to', 'sort', 'page', 'limit'] as const
type Filters = Partial<Record<(typeof filters)[number], string>>

/** `intake list` */
export function addList(program: Command, { act }: CommandContext): void {
  program
    .command('list')
    .description('list imports, the newest first')
    .option('--status <list>', `of these statuses: ${sessionStatuses.join(', ')}`)
    .option('--kind <list>', `of these kinds: ${importKinds.join(', ')}`)
    .option('--user <id>', 'started by this user')
    .option('--target <id or name>', 'into this database')
    .option('--q <text>', 'with this text in the title, a file name or the reason of a failure; or with this whole id')
    .option('--from <date>', 'made on this day (2026-11-22), at this time (2026-11-22T10:00:00Z) or later')
    .option('--to <date>', 'made on this day, at this time or before')
    .addOption(new Option('--sort <field>', 'createdAt, endedAt, title, status or kind; with - before it, downwards').default('-createdAt'))
    .option('--page <n>', 'which page')
    .option('--limit <n>', 'how many on a page')
    .action(async (options: Filters, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const asked = { ...options, ...(options.target !== undefined && { target: await targetNamed(api, options.target) }) }
        const found = await api.get<HistoryPage>(paths.imports, Object.fromEntries(filters.map((name) => [name, asked[name]])))
        printer.result(found, () => describePage(found))
        return undefined
      })
    })
}

/** A database that is gone has its runs still, by its id. */
async function targetNamed(api: Api, wanted: string): Promise<string> {
  const { items } = await api.get<{ items: TargetView[] }>(paths.targets)
  return items.find(({ id }) => id === wanted)?.id ?? items.find(({ name }) => name === wanted)?.id ?? wanted
}

function describePage({ items, total }: HistoryPage): string {
  if (items.length === 0) return total === 0 ? 'There is none.\n' : `There is none on this page; ${total} in all.\n`
  const rows = [['ID', 'STATUS', 'STARTED', 'BY', 'TARGET', 'TITLE'], ...items.map(row)]
  return `${table(rows)}${items.length < total ? `${items.length} of ${total}\n` : ''}`
}

function row(view: ImportView): string[] {
  return [
    view.id,
    statusWords(view),
    view.createdAt.slice(0, 19).replace('T', ' '),
    safeLine(view.user.name),
    safeLine(view.target?.name ?? '-'),
    safeLine(view.title),
  ]
}
