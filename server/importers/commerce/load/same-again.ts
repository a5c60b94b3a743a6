import type { Target } from '../../../targets/target.ts'
import type { CommerceRun } from '../commerce-run.ts'
import { Tally } from '../report/tally.ts'
import type { TallyState } from '../report/tally.ts'
import type { CommerceTables, Entity } from '../schema/tables.ts'
import { EntityCounts } from './entity-counts.ts'

/** What the last run of a source was, when it came to its end without a rejected record and no other has written since. */
type LastRun = { content: string; tally: TallyState; rows: Record<string, number | null> }

/** What a run takes from which content: the same again changes nothing. */
function contentOf({ survey, types, job }: CommerceRun): string | null {
  return job.only ? null : `${types.join()} ${survey.digest}`
}

/** What is to be kept of a run that has come to its end; null when it is of no use for a next one. */
export async function lastRunText(run: CommerceRun, tally: Tally): Promise<string | null> {
  const content = contentOf(run)
  if (content === null || tally.failed > 0) return null
  const rows = await rowCounts(run.target, run.tables, tally)
  return JSON.stringify({ content, tally: tally.toState(), rows } satisfies LastRun)
}

/**
 * What a run will come to that brings once more what the last one of its source brought, and finds all its rows; null when it has to look at them. Rows that somebody
 * changed by hand in between stay so.
 */
export async function sameAgain(run: CommerceRun, kept: unknown): Promise<Tally | null> {
  const last = typeof kept === 'string' ? (JSON.parse(kept) as LastRun) : null
  if (last === null || last.content !== contentOf(run)) return null
  const before = Tally.fromState(last.tally)
  const now = await rowCounts(run.target, run.tables, before)
  if (Object.entries(last.rows).some(([entity, count]) => now[entity] !== count)) return null
  const { succeeded, skipped, pending, orphans } = last.tally
  const tally = new Tally()
  Object.assign(tally, { succeeded, skipped, pending, orphans })
  tally.entities = unchanged(before.entities, run.tables, last.tally.mentioned)
  return tally
}

/** What a second run finds: rows as they are, without those that the first removed from lists, released or made of a mere mention. */
function unchanged(before: EntityCounts, tables: CommerceTables, mentioned: number): EntityCounts {
  const counts = new EntityCounts()
  for (const [entity, of] of before.toState()) {
    const removed = tables[entity].owner.length > 0 || entity === 'pending' ? 0 : of.deleted
    const rows = of.created + of.changed + of.unchanged + removed - (entity === 'units' ? mentioned : 0)
    if (rows > 0) counts.count(entity, 'unchanged', rows)
  }
  return counts
}

/** The rows of the tables that were spoken of, by name; null for more than are counted. */
async function rowCounts(target: Target, tables: CommerceTables, tally: Tally): Promise<Record<string, number | null>> {
  const counts: Partial<Record<Entity, number | null>> = {}
  for (const [entity] of tally.entities.toState()) {
    counts[entity] = (await target.readRows(tables[entity].table, { offset: 0, limit: 1 })).total
  }
  return counts
}
