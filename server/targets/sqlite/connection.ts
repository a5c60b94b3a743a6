import Database from 'better-sqlite3'
import { translateSqlite } from './errors.ts'

export type Connection = Database.Database
export type Statement = Database.Statement

/** Opens a database file. Nothing is written to it, not even when it is new, before `prepareForWriting`. */
export function connect(file: string): Connection {
  return guarded(() => {
    const connection = new Database(file, { timeout: 5000 })
    // A database that came from somewhere may hold triggers and views: they get no functions with effects.
    connection.pragma('trusted_schema = off')
    connection.pragma('cell_size_check = on')
    connection.pragma('foreign_keys = off')
    connection.pragma('temp_store = file')
    // What SQLite itself calls lower knows the letters of ASCII alone.
    connection.function('intake_has_words', { deterministic: true, directOnly: true, varargs: true }, hasWords)
    return connection
  })
}

/** 1 when the text has each of the words, which are in lower case, in it. */
function hasWords(text: string, ...words: string[]): 0 | 1 {
  const lower = text.toLowerCase()
  return words.every((word) => lower.includes(word)) ? 1 : 0
}

/** Switches to write-ahead logging; answers the journal mode that the file had. */
export function prepareForWriting(connection: Connection): string {
  return guarded(() => {
    const before = String(connection.pragma('journal_mode', { simple: true }))
    connection.pragma('journal_mode = wal')
    connection.pragma('synchronous = normal')
    connection.pragma('wal_autocheckpoint = 64000')
    connection.pragma('cache_size = -16000')
    return before
  })
}

/** Runs something against SQLite; its errors leave as AppError. */
export function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw translateSqlite(thrown)
  }
}
