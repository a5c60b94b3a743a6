import { paths } from '../../shared/protocol/paths.ts'
import type { AccountView } from '../../shared/protocol/views.ts'
import type { Api } from './api.ts'
import { UsageError } from './surroundings.ts'
import { safeLine } from './terminal-text.ts'

/** The accounts of these ids or names, as their ids. Throws UsageError that names what there is. */
export async function accountIdsOf(api: Api, wanted: string[]): Promise<string[]> {
  const { items } = await api.get<{ items: AccountView[] }>(paths.accounts)
  return wanted.map((text) => {
    const found = items.find(({ id, name }) => id === text || name === text)
    if (found) return found.id
    const listed = items.map(({ id, name }) => `${id} (${safeLine(name)})`).join(', ')
    throw new UsageError(`There is no account ${safeLine(text)}. ${listed === '' ? 'There is none at all.' : `There is ${listed}.`}`)
  })
}
