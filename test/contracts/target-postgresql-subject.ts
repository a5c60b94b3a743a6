import { openTarget } from '../../server/targets/registry.ts'
import type { Target } from '../../server/targets/target.ts'
import { runSql } from '../support/postgres.ts'
import type { TestPostgres } from '../support/postgres.ts'
import type { TargetSubject } from './target-subject.ts'

export type PostgresSubject = TargetSubject & {
  url: string
  openAt(url: string): Promise<Target>
}

/** A fresh database of the server. */
export async function createPostgresSubject(server: TestPostgres): Promise<PostgresSubject> {
  const url = await server.createDatabase('target')
  const opened: Target[] = []
  const open = async (at = url): Promise<Target> => {
    const target = await openTarget({ dialect: 'postgresql', url: at })
    opened.push(target)
    return target
  }
  return {
    url,
    openAt: open,
    open: async () => await open(),
    run: async (sql) => void (await runSql(url, sql)),
    values: async (sql) => (await runSql(url, sql)).map((row) => Object.values(row)[0]),
    dump: async () => await dump(url),
    openMissing: async () => await open('postgresql://nobody@127.0.0.1:1/nothing'),
    close: async () => {
      for (const target of opened) await target.close()
    },
  }
}

/** Columns, constraints, indexes and rows. Sequences are left out: what a transaction took from one stays taken, rolled back or not. */
async function dump(url: string): Promise<string> {
  const schema = await runSql(
    url,
    `SELECT c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), NULL AS definition
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind <> 'S' AND c.relname !~ '^intake_checkpoint'
     UNION ALL SELECT conrelid::regclass::text, contype, conname, NULL, condeferrable, NULL, pg_get_constraintdef(oid)
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'intake_checkpoint' ORDER BY 1, 3, 2`,
  )
  const tables = await runSql(url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'intake_checkpoint' ORDER BY 1`)
  const rows: unknown[] = []
  for (const { tablename } of tables) rows.push([tablename, await runSql(url, `SELECT t::text FROM "${String(tablename)}" t ORDER BY 1`)])
  return JSON.stringify({ schema, rows }, null, 1)
}
