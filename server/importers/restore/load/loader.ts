import { AppError } from '../../../errors.ts'
import type { ErrorCode } from '../../../../shared/protocol/errors.ts'
import type { TargetTransaction } from '../../../targets/target.ts'
import type { Naturals } from '../natural/naturals.ts'
import { shapeOf } from '../plan/draft.ts'
import type { Draft } from '../plan/draft.ts'
import type { Plans } from '../plan/plans.ts'
import { RecordRefused } from '../problem.ts'
import type { Problem } from '../problem.ts'
import type { FixtureRecord } from '../record.ts'
import type { Chunk } from '../source/record-source.ts'
import { writeDrafts } from './batch-writer.ts'
import { unfilled } from './fill-waits.ts'
import { writeInOrder } from './ordered-write.ts'

/** A record that does not go in, and why. */
export type Refusal = { ordinal: number; record: FixtureRecord; problem: Problem }

/** What became of drafts: `waiting` ones refer by natural keys to rows that are not there yet. */
export type Written = { written: Draft[]; waiting: Draft[]; refused: Refusal[] }

/** What a database says of a row, and not of itself. */
const faultsOfRows: readonly ErrorCode[] = [
  'unique_violation',
  'not_null_violation',
  'value_invalid',
  'reference_missing',
  'conflict',
  'target_refused',
  'column_missing',
  'table_missing',
]

/** Brings records into a transaction: a chunk at a time, and where it is refused, the rows one by one that are at fault. */
export class Loader {
  readonly #plans: Plans
  readonly #naturals: Naturals

  constructor(plans: Plans, naturals: Naturals) {
    this.#plans = plans
    this.#naturals = naturals
  }

  /** Makes rows of records, without the database. */
  drafts({ records, ordinals }: Chunk): { drafts: Draft[]; refused: Refusal[] } {
    const drafts: Draft[] = []
    const refused: Refusal[] = []
    for (let at = 0; at < records.length; at += 1) {
      const record = records[at] as FixtureRecord
      const ordinal = ordinals[at] as number
      try {
        drafts.push(this.#plans.draft(ordinal, record))
      } catch (thrown) {
        if (!(thrown instanceof RecordRefused)) throw thrown
        refused.push({ ordinal, record, problem: thrown.problem })
      }
    }
    return { drafts, refused }
  }

  /** Writes drafts; those that the database refuses are found by halves, and the others are in. Throws what is no fault of a row. */
  async write(tx: TargetTransaction, drafts: Draft[]): Promise<Written> {
    if (drafts.length === 0) return { written: [], waiting: [], refused: [] }
    try {
      const waiting = await tx.savepoint(async () => await writeInOrder(tx, drafts, this.#naturals))
      const stays = new Set(waiting)
      return { written: waiting.length === 0 ? drafts : drafts.filter((draft) => !stays.has(draft)), waiting, refused: [] }
    } catch (thrown) {
      this.#naturals.undone()
      const only = drafts.length === 1 ? (drafts[0] as Draft) : null
      const problem = problemOf(thrown, only)
      if (only) return { written: [], waiting: [], refused: [{ ordinal: only.ordinal, record: only.record, problem }] }
      const half = drafts.length >>> 1
      return joined(await this.write(tx, drafts.slice(0, half)), await this.write(tx, drafts.slice(half)))
    }
  }

  /** Writes what waits as far as it goes: without the optional references that were not found. Answers the drafts that went in so. */
  async writePartly(tx: TargetTransaction, waiting: Draft[]): Promise<Draft[]> {
    const possible = waiting.filter((draft) => shapeOf(draft).key !== null && unfilled(draft).every((wait) => wait.optional))
    if (possible.length === 0) return []
    try {
      await tx.savepoint(async () => await writeDrafts(tx, possible, this.#naturals))
      return possible
    } catch (thrown) {
      problemOf(thrown, null)
      this.#naturals.undone()
      const half = possible.length >>> 1
      if (half === 0) return []
      return [...(await this.writePartly(tx, possible.slice(0, half))), ...(await this.writePartly(tx, possible.slice(half)))]
    }
  }
}

function joined(a: Written, b: Written): Written {
  return { written: [...a.written, ...b.written], waiting: [...a.waiting, ...b.waiting], refused: [...a.refused, ...b.refused] }
}

/** Why a row was refused. Throws anything else on. */
function problemOf(thrown: unknown, draft: Draft | null): Problem {
  if (thrown instanceof RecordRefused) return thrown.problem
  if (!(thrown instanceof AppError) || !faultsOfRows.includes(thrown.code)) throw thrown
  const message = (draft && lackingField(thrown, draft)) ?? thrown.message
  return { code: thrown.code, message, ...(thrown.details && { details: thrown.details }) }
}

function lackingField({ code, details }: AppError, draft: Draft): string | null {
  const column = details?.['column']
  const shape = shapeOf(draft)
  if (code !== 'not_null_violation' || typeof column !== 'string' || shape.columns.includes(column)) return null
  return `The record has no field for column "${column}" of table "${shape.table.name}", which must have a value and has no default in the database. Django keeps defaults in its models: add the field to the file, or give the column a default.`
}
