import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import type { Target } from '../../../targets/target.ts'
import { digestOf } from '../check/content-digest.ts'
import { figuresOf } from '../check/survey.ts'
import type { SurveyFigures } from '../check/survey.ts'
import type { CommerceRun, RunParts } from '../commerce-run.ts'
import type { Document } from '../read/documents.ts'
import { Tally } from '../report/tally.ts'
import type { TallyState } from '../report/tally.ts'
import type { CommerceTables, Entity } from '../schema/tables.ts'
import { EntityCounts } from './entity-counts.ts'

/** What the last run of a source was, when it came to its end without a rejected record and no other has written since. */
type LastRun = { content: string; figures: SurveyFigures; tally: TallyState; rows: Record<string, number | null> }

/** What a run takes from which content: the same again changes nothing. */
function contentOf(types: CommerceType[], digest: string): string {
  return `${types.join()} ${digest}`
}

/** What is to be kept of a run that has come to its end; null when it is of no use for a next one. */
export async function lastRunText({ job, target, types, tables, survey }: CommerceRun, tally: Tally): Promise<string | null> {
  if (job.only || tally.failed > 0) return null
  const rows = await rowCounts(target, tables, tally)
  return JSON.stringify({ content: contentOf(types, survey.digest), figures: figuresOf(survey), tally: tally.toState(), rows } satisfies LastRun)
}

/** What a run comes to that brings nothing new. */
export type SameAgain = { figures: SurveyFigures; tally: Tally }

/**
 * Whether a run brings once more what the last one of its source brought. That is told by the bytes of its files: they were read to the letter then. Null when all
 * has to be looked at: when it is not so, or rows have gone. Rows that somebody changed by hand in between stay so.
 */
export async function sameAgain(parts: RunParts, documents: Document[]): Promise<SameAgain | null> {
  const { target, tables, types, job, context } = parts
  const last = job.only ? null : await lastRunOf(parts)
  if (!last || last.content !== contentOf(types, await digestOf(documents, context.signal))) return null
  const before = Tally.fromState(last.tally)
  const now = await rowCounts(target, tables, before)
  if (Object.entries(last.rows).some(([entity, count]) => now[entity] !== count)) return null
  const { succeeded, skipped, pending, orphans } = last.tally
  const tally = new Tally()
  Object.assign(tally, { succeeded, skipped, pending, orphans })
  tally.entities = unchanged(before.entities, tables, last.tally.mentioned)
  return { figures: last.figures, tally }
}

async function lastRunOf({ target, tables, missing, types, options }: RunParts): Promise<LastRun | null> {
  const { table } = tables.sources
  if (missing.some(({ name }) => name === table.name)) return null
  const [rows = []] = await target.look({ table, by: ['source'], keys: [[options.source]], select: ['last_run'] })
  const text = rows[0]?.[0]
  const last = typeof text === 'string' ? (JSON.parse(text) as Partial<LastRun>) : null
  // Earlier releases kept no figures.
  return last?.figures && last.content?.startsWith(contentOf(types, '')) ? (last as LastRun) : null
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
