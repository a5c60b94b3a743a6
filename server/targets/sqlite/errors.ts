import Database from 'better-sqlite3'
import { AppError } from '../../errors.ts'
import type { ErrorCode } from '../../../shared/protocol/errors.ts'

/** What a violated constraint says of itself: `UNIQUE constraint failed: book.isbn, book.edition`. */
const failedColumns = /^(UNIQUE|NOT NULL) constraint failed: (.+)$/
const failedCheck = /^CHECK constraint failed: (.+)$/s
const strictColumn = /^cannot store (\w+) value in (\w+) column (.+)$/

type Translation = { code: ErrorCode; message: string; retryable?: boolean }

const plain: [RegExp, Translation][] = [
  [/^SQLITE_(BUSY|LOCKED)/, { code: 'target_locked', message: 'Another program is writing to this database file.', retryable: true }],
  [/^SQLITE_FULL/, { code: 'storage_full', message: 'The disk of the database file is full.' }],
  [/^SQLITE_CANTOPEN/, { code: 'target_unreachable', message: 'The database file can not be opened.' }],
  [/^SQLITE_IOERR/, { code: 'target_unreachable', message: 'The database file can not be read or written.' }],
  [/^SQLITE_NOTADB/, { code: 'target_refused', message: 'This file is not an SQLite database.' }],
  [/^SQLITE_CORRUPT/, { code: 'target_refused', message: 'The database file is damaged.' }],
  [/^SQLITE_READONLY/, { code: 'target_refused', message: 'The database file can only be read.' }],
]

/** An error of better-sqlite3 as AppError, without value and row: the writer that knows them adds them. Anything else comes back as it is. */
export function translateSqlite(thrown: unknown): unknown {
  if (!(thrown instanceof Database.SqliteError)) return missingFolder(thrown)
  return constraintError(thrown) ?? plainError(thrown)
}

function missingFolder(thrown: unknown): unknown {
  if (!(thrown instanceof TypeError) || !thrown.message.includes('directory does not exist')) return thrown
  return new AppError('target_unreachable', 'The folder of the database file does not exist.', { cause: thrown })
}

function plainError(thrown: InstanceType<typeof Database.SqliteError>): AppError {
  const found = plain.find(([code]) => code.test(thrown.code))?.[1]
  if (!found) return new AppError('target_refused', `The database refused: ${thrown.message}.`, { cause: thrown })
  return new AppError(found.code, found.message, { cause: thrown, ...(found.retryable && { retryable: true }) })
}

function constraintError(thrown: InstanceType<typeof Database.SqliteError>): AppError | null {
  const failed = failedColumns.exec(thrown.message)
  if (failed) return columnsError(failed[1] === 'UNIQUE', failed[2] ?? '', thrown)
  const check = failedCheck.exec(thrown.message)
  if (check) {
    const details = { constraint: check[1] }
    return new AppError('value_invalid', `A value does not fulfil the condition ${check[1]}.`, { details, cause: thrown })
  }
  const strict = strictColumn.exec(thrown.message)
  if (!strict) return null
  const [table, column] = lastDot(strict[3] ?? '')
  const details = { table, column }
  return new AppError('value_invalid', `Column "${column}" of table "${table}" takes ${strict[2]} alone.`, { details, cause: thrown })
}

function columnsError(unique: boolean, list: string, cause: unknown): AppError {
  const places = list.split(', ').map(lastDot)
  const [table, column] = places[0] ?? ['', '']
  if (!unique)
    return new AppError('not_null_violation', `Column "${column}" of table "${table}" must have a value.`, { details: { table, column }, cause })
  const columns = places.map((place) => place[1])
  const message = `Table "${table}" has a row with the same ${columns.map((name) => `"${name}"`).join(', ')} already.`
  return new AppError('unique_violation', message, { details: { table, column: columns.join(', '), columns }, cause })
}

function lastDot(place: string): [string, string] {
  const at = place.lastIndexOf('.')
  return [place.slice(0, at), place.slice(at + 1)]
}
