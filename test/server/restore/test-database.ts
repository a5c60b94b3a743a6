import type { Dialect, Target } from '../../../server/targets/target.ts'

/** Rows of every table as text, in an order of their own; by table. */
export type Rows = Record<string, string[]>

/** A database for one test, and how to look at it past the driver. */
export type TestDatabase = {
  dialect: Dialect
  target(): Promise<Target>
  run(sql: string): Promise<void>
  rows(): Promise<Rows>
  query(sql: string): Promise<unknown[][]>
  close(): Promise<void>
}

/** When migrations ran, and what Intake keeps for itself, is no part of a result. */
export function withoutDates(rows: Rows): Rows {
  const { django_migrations: _, intake_checkpoint: __, ...rest } = rows
  return rest
}
