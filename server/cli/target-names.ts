import { paths } from '../../shared/protocol/paths.ts'
import type { TargetView } from '../../shared/protocol/views.ts'
import type { Api } from './api.ts'
import { UsageError } from './surroundings.ts'
import { safeLine } from './terminal-text.ts'

/** The target of that id or name; without one, the only target there is. Null when there is none at all. Throws UsageError that names what there is. */
export async function targetIdOf(api: Api, wanted: string | undefined): Promise<string | null> {
  const { items } = await api.get<{ items: TargetView[] }>(paths.targets)
  if (wanted === undefined) {
    if (items.length > 1) throw new UsageError(`There are several databases: say --target. ${listed(items)}`)
    return items[0]?.id ?? null
  }
  const found = items.find(({ id }) => id === wanted)
  if (found) return found.id
  const named = items.filter(({ name }) => name === wanted)
  if (named.length === 1) return named[0]!.id
  if (named.length > 1) throw new UsageError(`Several databases are named ${wanted}: give the id. ${listed(named)}`)
  throw new UsageError(`There is no database ${wanted}. ${listed(items)}`)
}

function listed(items: TargetView[]): string {
  return `There is ${items.map(({ id, name }) => `${id} (${safeLine(name)})`).join(', ')}.`
}
