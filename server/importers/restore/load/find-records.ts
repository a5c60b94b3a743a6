import type { DanglingReference, TargetTransaction } from '../../../targets/target.ts'
import { ModelPlan } from '../plan/model-plan.ts'
import { shapeOf } from '../plan/draft.ts'
import type { Draft } from '../plan/draft.ts'
import type { FixtureRecord } from '../record.ts'
import type { RestoreRun } from '../restore-run.ts'
import type { Wants } from '../source/record-source.ts'
import { DanglingIndex, danglingProblem } from './dangling-index.ts'
import { fillWaits } from './fill-waits.ts'
import type { Refusal } from './loader.ts'

/** Reads the files again for the records by which references came that lead nowhere, at most `most` of them. */
export async function findRecords(
  run: RestoreRun,
  tx: TargetTransaction,
  references: DanglingReference[],
  options: { wants: Wants | undefined; most: number },
): Promise<Refusal[]> {
  const index = new DanglingIndex(references)
  const found: Refusal[] = []
  const { signal } = run.context
  const chunks = run.source.chunks({ signal, ...(options.wants && { wants: options.wants }), onDamage: () => {} })
  for await (const chunk of chunks) {
    run.progress.still('Looking for the records whose references lead nowhere')
    const { drafts } = run.loader.drafts(chunk)
    await fillWaits(tx, drafts)
    for (const draft of drafts) {
      const refusal = refusalOf(run, index, draft)
      if (refusal) found.push(refusal)
      if (found.length >= options.most) return found
    }
  }
  return found
}

function refusalOf(run: RestoreRun, index: DanglingIndex, draft: Draft): Refusal | null {
  const reference = index.of(draft)
  if (!reference) return null
  return { ordinal: draft.ordinal, record: draft.record, problem: danglingProblem(draft, reference, fieldOf(run, draft, reference)) }
}

/** The field of the file by which a reference came; null when it is the key of the record itself. */
function fieldOf({ plans }: RestoreRun, draft: Draft, { table, columns }: DanglingReference): string | null {
  const plan = plans.of(draft.label)
  const { value }: FixtureRecord = draft.record
  if (!(plan instanceof ModelPlan) || !value) return null
  const isOwn = shapeOf(draft).table.name === table
  const field = Object.keys(value.fields).find((name) => {
    const step = plan.step(name)
    if (step.kind === 'column') return isOwn && columns.includes(step.column.name)
    return step.kind === 'links' && !isOwn && step.place.table.name === table
  })
  return field ?? null
}
