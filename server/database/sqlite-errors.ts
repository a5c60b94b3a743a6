import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { AppError } from '../errors.ts'

const noTransaction = 'no transaction is active'

/**
 * Makes the connection to an SQLite app database say `storage_full` when its disk is full, and `unavailable` when the file is locked for too long or can't be
 * read or written. As with PostgreSQL the AppError is the cause of what is thrown, because the ORM makes a new error of what it gets and keeps its properties
 * alone.
 *
 * SQLite undoes a transaction by itself when the disk is full. The rollback that follows finds none: were it to fail, the query builder would never give its
 * one connection back, and everything would wait for it for ever.
 */
export function tellSqliteErrors(connection: DatabaseConnection): void {
  const execute = connection.executeQuery.bind(connection)
  connection.executeQuery = async <R>(query: CompiledQuery, ...rest: []): Promise<QueryResult<R>> => {
    try {
      return await execute<R>(query, ...rest)
    } catch (thrown) {
      if (query.sql === 'rollback' && thrown instanceof Error && thrown.message.includes(noTransaction)) return { rows: [] }
      throw translated(thrown)
    }
  }
}

function translated(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'SQLITE_FULL') {
    const text = 'The disk with the app database is full. Nothing was changed. Make room, and try again.'
    return bearing(new AppError('storage_full', text, { retryable: true, cause }))
  }
  if (!/^SQLITE_(BUSY|IOERR|CANTOPEN|READONLY)/.test(code)) return cause
  return bearing(new AppError('unavailable', `The app database can’t be read or written now (${code}). Try again in a moment.`, { cause }))
}

function bearing(error: AppError): Error {
  return new Error(error.message, { cause: error })
}
