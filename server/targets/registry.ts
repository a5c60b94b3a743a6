import type { Target, TargetAddress } from './target.ts'
import { postgresAddress } from './postgres-url.ts'
import { sqliteAddress } from './sqlite-url.ts'
import type { SqlitePlaces } from './sqlite-url.ts'
import { AppError } from '../errors.ts'

/** Where targets may be, by the operator. `hosts`: of servers; see `targetHosts`. */
export type TargetPlaces = SqlitePlaces & { hosts: string[] | undefined }

const longestUrl = 2000

/** Connects a target with its driver, which is loaded at its first use. The caller closes it. */
export async function openTarget(address: TargetAddress): Promise<Target> {
  switch (address.dialect) {
    case 'sqlite': {
      const { openSqlite } = await import('./sqlite/sqlite-target.ts')
      return openSqlite(address.file)
    }
    case 'postgresql': {
      const { openPostgres } = await import('./postgresql/postgres-target.ts')
      return openPostgres(address)
    }
  }
}

/** As `openTarget`, for whoever goes on meanwhile: a database that is no server works in a thread of its own. */
export async function openTargetApart(address: TargetAddress): Promise<Target> {
  if (address.dialect !== 'sqlite') return await openTarget(address)
  const { openApart } = await import('./apart/open-apart.ts')
  return await openApart(address)
}

/**
 * Where a target's URL leads: `sqlite:NAME.db` to a file in the folder of targets, `sqlite:/FOLDER/NAME.db` to one in a listed folder,
 * `postgresql://USER:PASSWORD@HOST:PORT/DATABASE` to a server. Throws `invalid_input` with a sentence that says what is wrong.
 */
export function parseTargetUrl(url: string, places: TargetPlaces): TargetAddress {
  const text = url.trim()
  if (text.length > longestUrl) throw new AppError('invalid_input', `The address of a database has at most ${longestUrl} characters.`)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase()
  switch (scheme) {
    case 'sqlite':
      return { dialect: 'sqlite', file: sqliteAddress(text, places) }
    case 'postgres':
    case 'postgresql':
      return { dialect: 'postgresql', url: postgresAddress(text), hosts: places.hosts }
    case undefined:
      throw new AppError('invalid_input', 'The address of a database begins with sqlite: or postgresql://')
    default:
      throw new AppError('invalid_input', `Databases of the kind "${scheme}" are not supported. The address begins with sqlite: or postgresql://`)
  }
}

/** A URL parted from its password, which is kept elsewhere. What is no URL with a password comes back as it is. */
export function withoutPassword(url: string): { url: string; password: string | null } {
  const parsed = serverUrl(url)
  if (!parsed?.password) return { url, password: null }
  const password = decodeURIComponent(parsed.password)
  parsed.password = ''
  return { url: parsed.href, password }
}

/** The opposite of `withoutPassword`. */
export function withPassword(url: string, password: string | null): string {
  const parsed = serverUrl(url)
  if (!parsed || password === null) return url
  parsed.password = encodeURIComponent(password)
  return parsed.href
}

/** A URL as it may be shown and logged. */
export function redactTargetUrl(url: string): string {
  return withoutPassword(url).url
}

function serverUrl(url: string): URL | null {
  return /^postgres(ql)?:/i.test(url.trim()) && URL.canParse(url.trim()) ? new URL(url.trim()) : null
}
