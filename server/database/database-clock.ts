import { raw } from '@mikro-orm/core'
import type { RawQueryFragment } from '@mikro-orm/core'
import type { Database } from './database.ts'

/**
 * Now, in milliseconds since 1970, by the clock of the database: the one clock that all processes share, so that one whose own clock is hours off
 * neither takes a lease away nor keeps one for ever. `plusMs` is added to it.
 */
export function databaseNow(dialect: Database['dialect'], plusMs = 0): RawQueryFragment {
  const clock = dialect === 'postgresql' ? '(extract(epoch from clock_timestamp()) * 1000)::bigint' : "cast(unixepoch('subsec') * 1000 as integer)"
  return raw(`(${clock} + ${Math.round(plusMs)})`)
}
