import BetterSqlite from 'better-sqlite3'
import { SqliteDialect } from 'kysely'
import type { DatabaseConnection, SqliteDatabase, SqliteStatement } from 'kysely'

/** Distinct statements that are kept; the server has some dozens, and each number of rows in an INSERT is one more. */
const mostKept = 250

/**
 * The dialect of an SQLite app database whose statements are prepared once. The query builder's own prepares each of them anew at every call, which takes as
 * long as a small statement itself does, and makes a function for its rows by compiling text.
 */
export function sqliteDialect(file: string, onCreateConnection: (connection: DatabaseConnection) => void): SqliteDialect {
  return new SqliteDialect({
    database: async () => keepingStatements(new BetterSqlite(file)),
    onCreateConnection: async (connection) => onCreateConnection(connection),
  })
}

/**
 * One connection, whose statements are each run to their end before the next one begins: nobody else is ever in the middle of a kept one. SQLite itself
 * prepares one anew when its tables have changed.
 */
function keepingStatements(database: BetterSqlite.Database): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>()
  return {
    close: () => void database.close(),
    prepare(sql) {
      const statement = kept.get(sql) ?? database.prepare<[readonly unknown[]]>(sql)
      // Those used last stand at the end.
      kept.delete(sql)
      kept.set(sql, statement)
      if (kept.size > mostKept) kept.delete(kept.keys().next().value!)
      return statement
    },
  }
}
