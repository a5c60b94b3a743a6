import path from 'node:path'
import Sqlite from 'better-sqlite3'
import type { ApiClient } from '../../support/api-client.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import type { HistoryPage, ImportView, UserView } from '../../../shared/protocol/views.ts'
import { Fake1c } from '../../support/fake-1c.ts'
import type { Fake1cOptions } from '../../support/fake-1c.ts'

export const exchangePassword = 'what 1C says'

/** Makes a user of the exchange. */
export async function addExchangeUser(admin: ApiClient, login = 'shop-1c', exchange: Record<string, unknown> = {}): Promise<UserView> {
  const json = { login, role: 'exchange', password: exchangePassword, exchange }
  const { status, text, body } = await admin.request<{ user: UserView }>('POST', paths.users, { json })
  if (status !== 201) throw new Error(`the user answered ${status}: ${text}`)
  return body.user
}

export function fake1c(url: string, options: Partial<Fake1cOptions> = {}): Fake1c {
  return new Fake1c(url, { login: 'shop-1c', password: exchangePassword, ...options })
}

/** The import sessions of kind commerce, the oldest first. */
export async function runsOf(admin: ApiClient): Promise<ImportView[]> {
  return (await admin.get<HistoryPage>(`${paths.imports}?kind=commerce&sort=createdAt&limit=100`)).body.items
}

// When and by which run a row was written is not what it says.
const ownOf = new Set(['created_at', 'changed_at', 'deleted_at', 'import_id', 'last_run', 'file'])

/** What an SQLite target holds of a source, without when and by whom it was written. */
export function contentOf(dataDir: string, target: string): Record<string, unknown[]> {
  const database = new Sqlite(path.join(dataDir, 'targets', `${target}.db`))
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table' and name like 'commerce_%' order by name").all() as {
      name: string
    }[]
    return Object.fromEntries(
      tables.map(({ name }) => {
        const rows = database.prepare(`select * from "${name}"`).all() as Record<string, unknown>[]
        const texts = rows.map((row) => JSON.stringify(Object.entries(row).filter(([column]) => !ownOf.has(column))))
        return [name, texts.toSorted()]
      }),
    )
  } finally {
    database.close()
  }
}
