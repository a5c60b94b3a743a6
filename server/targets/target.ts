/**
 * The seam to a database that importers write to. Two rules hold in every driver:
 * rows and the checkpoint that says how far the file was read commit in one transaction, and a transaction of an attempt that is no longer the newest
 * never commits. Foreign errors leave as AppError (`unique_violation`, `not_null_violation`, `value_invalid`, `reference_missing`, `target_unreachable`,
 * `target_locked`, `target_refused`, `fenced`), with `details: { table?, column?, constraint?, value?, row? }` where the database tells;
 * `row` is the index in the batch.
 */
export type Dialect = 'sqlite' | 'postgresql' | 'mariadb'

/** What a driver can do. Code and tests ask these flags, never for the dialect's name, unless SQL text itself differs. */
export type TargetCapabilities = {
  dialect: Dialect
  /** CREATE TABLE rolls back with its transaction. */
  transactionalDdl: boolean
  /** Keys written by hand must be told to a sequence; done by `commit`. */
  sequences: boolean
  /** Text longer than its column, numbers that do not fit: refused by the database itself, not only by us. */
  enforcesTypes: boolean
  /** A text value may hold U+0000. */
  nulInText: boolean
}

/**
 * A value on its way into a column, in one form for all databases; the driver stores it as its dialect does:
 * integer: number, bigint or digits as text · boolean: boolean · decimal: text, nothing lost · float: number · text: string · bytes: Uint8Array ·
 * json: JSON text · date: `YYYY-MM-DD` · time: `HH:MM:SS[.ffffff]` · datetime: ISO 8601, with `Z` or an offset when it has a zone, bare when not ·
 * uuid: 36 characters with dashes · interval: ISO 8601 duration or Django's `[D ]HH:MM:SS[.ffffff]`.
 */
export type Cell = string | number | bigint | boolean | Uint8Array | null

export type ColumnType =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'text'
  | 'bytes'
  | 'json'
  | 'date'
  | 'time'
  | 'datetime'
  | 'uuid'
  | 'interval'
  /** A type that only the database itself understands (arrays, ranges, geometry): text goes in as it is. */
  | 'other'

export type Column = {
  name: string
  type: ColumnType
  /** The type as the database writes it. */
  sqlType: string
  nullable: boolean
  /** SQL text of the default, or null. */
  default: string | null
  /** Computed by the database: never written. */
  generated: boolean
  /** Given a key by the database when none is written. */
  autoIncrement: boolean
  maxLength: number | null
  precision: number | null
  scale: number | null
}

export type ForeignKey = { columns: string[]; table: string; references: string[] }

export type Table = {
  name: string
  columns: Column[]
  primaryKey: string[]
  /** Unique keys other than the primary one; partial and expression indexes are left out. */
  uniqueKeys: string[][]
  foreignKeys: ForeignKey[]
}

/** What an attempt knows at the moment a batch commits. `state` is the importer's own, JSON. */
export type Checkpoint = {
  /** The whole work is in: what remains is to say so. Answers the commit of unknown outcome. */
  done: boolean
  state: unknown
}

export type Fence = { importId: string; attempt: number }

export type WriteBatch = {
  table: Table
  columns: string[]
  /**
   * With a key (the primary key or a unique key, all of whose columns are in `columns`): a row that is there is changed in the given columns, any other
   * is inserted; the same key twice in one batch: the last wins. Without: every row is inserted.
   */
  key?: string[]
  rows: Cell[][]
  /** Further columns, which hold the same in every row. */
  same?: { columns: string[]; values: Cell[] }
  /** The caller knows that no row has one of these keys, and that none comes twice: one that is there all the same is a `unique_violation`, or is changed. */
  absent?: boolean
}

/** Makes the links of each owner in a many-to-many table exactly those given: what is missing is added, what is too much removed, the rest left untouched. */
export type LinkBatch = { table: Table; owner: string; other: string; links: { owner: Cell; others: Cell[] }[] }

export type Lookup = { table: Table; by: string[]; keys: Cell[][]; select: string[] }

export type DanglingReference = { table: string; key: Cell[]; columns: string[]; values: Cell[]; references: { table: string; columns: string[] } }

/** One transaction. Foreign keys are not checked before `danglingReferences` or `commit`, whatever the constraints say of themselves. */
export type TargetTransaction = {
  createTables(tables: Table[]): Promise<void>
  /** Writes in bulk, the fastest way the database has. A refused row refuses the whole batch, and the transaction goes on only inside `savepoint`. */
  write(batch: WriteBatch): Promise<void>
  /** Writes all of these batches or nothing: what one of them refuses leaves nothing behind, and the transaction goes on. */
  writeAll(batches: WriteBatch[]): Promise<void>
  link(batch: LinkBatch): Promise<void>
  /** For each key the selected columns of the one row that has it, null where there is none; `conflict` where several have it. */
  find(lookup: Lookup): Promise<(Cell[] | null)[]>
  /** For each key the selected columns of every row that has it, in no order. For lists: an index must begin with the columns of the key. */
  findAll(lookup: Lookup): Promise<Cell[][][]>
  /** What `work` wrote is undone when it throws; what was before it stands. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
  /** Rows written in this transaction whose foreign key leads nowhere, at most `limit`. What dangled before it is not reported. */
  danglingReferences(limit: number): Promise<DanglingReference[]>
  /** Resets sequences, stores the checkpoint and commits, all or nothing. Throws `fenced` when a newer attempt was announced, `reference_missing` when a key dangles. */
  commit(checkpoint: Checkpoint): Promise<void>
  /** Undoes everything. Does not throw when the connection is gone: then the database has undone it. */
  rollback(): Promise<void>
}

/**
 * Which rows of a table: in the order of its primary key, or of the columns `order` (null last) and then of that. `only`: those that have these values, null
 * being one, or one of several. `search`: those that have each of its words somewhere in the text of its columns. `select`: these columns alone.
 */
export type Page = { offset: number; limit: number; only?: Record<string, Cell | string[]>; search?: Search; order?: string[]; select?: string[] }

/** Words in upper or lower case, as far as the database knows the letters: a PostgreSQL that was built without ICU knows those of its locale. */
export type Search = { words: string[]; columns: string[] }

export type TargetRows = { columns: string[]; rows: Cell[][]; total: number | null }

export type Target = {
  readonly capabilities: TargetCapabilities
  /** Connects and says what is there. */
  probe(): Promise<{ version: string; tables: number }>
  /** Tables of the target, without those of Intake's own and of the database. */
  readSchema(): Promise<Table[]>
  /** A page of rows for people to look at. Bytes come as Uint8Array, decimals and dates as text. */
  readRows(table: Table, page: Page): Promise<TargetRows>
  /** As `findAll` of a transaction, of what is committed, for people to look at: nobody who writes waits for it. */
  look(lookup: Lookup): Promise<Cell[][][]>
  /**
   * Announces an attempt: from now on no older attempt of this import session can commit. Answers the checkpoint that the former ones left.
   * Makes the table `intake_checkpoint` on first use. Throws `fenced` when a newer attempt is there.
   */
  claim(fence: Fence): Promise<Checkpoint | null>
  /** Takes batches to where they will be written by `writeAll` of these very batches, which then needs not wait for them. For targets that write elsewhere. */
  bring?(batches: WriteBatch[]): void
  /** One transaction at a time on one Target. */
  begin(fence: Fence): Promise<TargetTransaction>
  /** Removes what `claim` and `commit` kept of this import session, and the table with its last row. */
  forget(importId: string): Promise<void>
  close(): Promise<void>
}

/** Where a target is. `file` is an absolute path. */
export type TargetAddress = { dialect: 'sqlite'; file: string } | PostgresAddress

/** `url` has its password. `hosts`: those that may be connected to; see `targetHosts`. */
export type PostgresAddress = { dialect: 'postgresql'; url: string; hosts?: string[] | undefined }
