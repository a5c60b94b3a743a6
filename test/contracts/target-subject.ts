import type { Column, ColumnType, Fence, Table, Target, TargetCapabilities, TargetTransaction } from '../../server/targets/target.ts'

/** A fresh, empty database that a driver is tried on. */
export type TargetSubject = {
  /** A connection of its own to the database, closed after the test. */
  open(): Promise<Target>
  /** Statements past the driver, for what was there before. */
  run(sql: string): Promise<void>
  /** The first column of each row. */
  values(sql: string): Promise<unknown[]>
  /** Schema and rows of all tables as text, without those of Intake's own. */
  dump(): Promise<string>
  /** A target that can't be reached. */
  openMissing(): Promise<Target>
  /** Closes what was opened and removes the database. */
  close(): Promise<void>
}

export type TargetFactory = { name: string; capabilities: TargetCapabilities; create: () => Promise<TargetSubject> }

/** Answers the subject of the running test. */
export type Subject = () => TargetSubject

export const fence: Fence = { importId: 'restore_1763706660000_Zk3pQx', attempt: 1 }

export function column(name: string, type: ColumnType, rest: Partial<Column> = {}): Column {
  const limits = { maxLength: null, precision: null, scale: null }
  return { name, type, sqlType: '', nullable: false, default: null, generated: false, autoIncrement: false, ...limits, ...rest }
}

export function table(name: string, columns: Column[], rest: Partial<Table> = {}): Table {
  return { name, columns, primaryKey: ['id'], uniqueKeys: [], foreignKeys: [], ...rest }
}

const id = column('id', 'integer', { autoIncrement: true })

export const author = table('author', [id, column('name', 'text', { maxLength: 20 }), column('rank', 'integer', { nullable: true })], {
  uniqueKeys: [['name']],
})

export const book = table('book', [id, column('title', 'text'), column('author_id', 'integer', { nullable: true })], {
  foreignKeys: [{ columns: ['author_id'], table: 'author', references: ['id'] }],
})

export const bookTags = table('book_tags', [id, column('book_id', 'integer'), column('tag', 'text')], {
  uniqueKeys: [['book_id', 'tag']],
  foreignKeys: [{ columns: ['book_id'], table: 'book', references: ['id'] }],
})

/** Claims and begins: what every attempt does first. */
export async function beginOn(target: Target, at: Fence = fence): Promise<TargetTransaction> {
  await target.claim(at)
  return await target.begin(at)
}

/** One committed transaction. */
export async function inTransaction(target: Target, work: (transaction: TargetTransaction) => Promise<void>): Promise<void> {
  const transaction = await beginOn(target)
  try {
    await work(transaction)
    await transaction.commit({ done: false, state: null })
  } finally {
    await transaction.rollback()
  }
}

/** A target in which the tables of the tests are. */
export async function openWithTables(subject: TargetSubject, tables = [author, book, bookTags]): Promise<Target> {
  const target = await subject.open()
  await inTransaction(target, async (transaction) => await transaction.createTables(tables))
  return target
}

/** All rows of a table. */
export async function rowsOf(target: Target, of: Table): Promise<unknown[][]> {
  const found = (await target.readSchema()).find((candidate) => candidate.name === of.name)
  if (!found) throw new Error(`there is no table ${of.name}`)
  return (await target.readRows(found, { offset: 0, limit: 1000 })).rows
}

/** `done`, or the code of the error. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'done',
    (thrown: unknown) => (thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)),
  )
}
