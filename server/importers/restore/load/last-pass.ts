import type { TargetTransaction } from '../../../targets/target.ts'
import { notFound } from '../plan/field-step.ts'
import { rowsOf } from '../plan/draft.ts'
import type { Draft } from '../plan/draft.ts'
import type { Problem } from '../problem.ts'
import { Tally } from '../report/tally.ts'
import type { RestoreRun } from '../restore-run.ts'
import { OrdinalSet } from '../source/ordinal-set.ts'
import { unfilled } from './fill-waits.ts'
import { findRecords } from './find-records.ts'

/** What became of the records that were set aside: `failed` by their ordinals. */
export type LastPass = { tally: Tally; failed: Map<number, Problem> }

/** Thrown within a savepoint to undo it: some records have to be left out, and the rest is written once more. */
class Again extends Error {
  override readonly name = 'Again'
}

const mostDangling = 100_000

/** When a round writes less than this of what it leaves, the next one writes also what lacks optional references. */
const littleProgress = 0.1

/**
 * Writes the records that were set aside because they refer to rows which come later. They are read again as often as some of them can be written for the
 * others. With `checkReferences` those whose foreign keys lead nowhere are left out, until none does.
 */
export async function lastPass(run: RestoreRun, tx: TargetTransaction, aside: OrdinalSet, options: { checkReferences: boolean }): Promise<LastPass> {
  const failed = new Map<number, Problem>()
  for (;;) {
    try {
      const tally = await tx.savepoint(async () => {
        const written = await writeRounds(run, tx, aside, failed)
        if (options.checkReferences) await refuseDangling(run, tx, aside, failed)
        return written
      })
      return { tally, failed }
    } catch (thrown) {
      if (!(thrown instanceof Again)) throw thrown
      run.naturals.undone()
    }
  }
}

/** One round after the other, until all are written. When a round brings little, what can be written without its optional references is. */
async function writeRounds(run: RestoreRun, tx: TargetTransaction, aside: OrdinalSet, failed: Map<number, Problem>): Promise<Tally> {
  const tally = new Tally()
  const partly = new OrdinalSet()
  let left: OrdinalSet | null = null
  for (let relax = false; left === null || left.size > 0;) {
    const among: OrdinalSet = left ?? aside
    const round = await writeRound(run, tx, {
      wants: (ordinal) => among.has(ordinal) && !failed.has(ordinal),
      partly: relax ? partly : null,
      tally,
      failed,
    })
    if (round.progress === 0 && relax) {
      for (const [ordinal, problem] of round.reasons) failed.set(ordinal, problem)
      const halfWritten = [...round.reasons.keys()].some((ordinal) => partly.has(ordinal))
      // The others wait for nothing but a record before them that means the same row.
      if (halfWritten || round.waiting.size > round.reasons.size) throw new Again()
      return tally
    }
    relax = round.progress < round.waiting.size * littleProgress
    left = round.waiting
  }
  return tally
}

type RoundOptions = { wants: (ordinal: number) => boolean; partly: OrdinalSet | null; tally: Tally; failed: Map<number, Problem> }
type Round = { progress: number; waiting: OrdinalSet; reasons: Map<number, Problem> }

async function writeRound(run: RestoreRun, tx: TargetTransaction, { wants, partly, tally, failed }: RoundOptions): Promise<Round> {
  const round: Round = { progress: 0, waiting: new OrdinalSet(), reasons: new Map() }
  for await (const chunk of run.source.chunks({ signal: run.context.signal, wants, onDamage: () => {} })) {
    run.progress.still('Records that refer to later ones')
    const { drafts, refused } = run.loader.drafts(chunk)
    const result = await run.loader.write(tx, drafts)
    for (const { ordinal, problem } of [...refused, ...result.refused]) failed.set(ordinal, problem)
    for (const draft of result.written) tally.succeed(draft.label, rowsOf(draft))
    round.progress += result.written.length
    for (const draft of result.waiting) round.waiting.add(draft.ordinal)
    if (partly) await relaxChunk(run, tx, result.waiting, partly, round)
  }
  return round
}

async function relaxChunk(run: RestoreRun, tx: TargetTransaction, waiting: Draft[], partly: OrdinalSet, round: Round): Promise<void> {
  for (const draft of waiting) {
    const [wait] = unfilled(draft)
    if (wait) round.reasons.set(draft.ordinal, notFound(wait))
  }
  const fresh = waiting.filter((draft) => !partly.has(draft.ordinal))
  const written = await run.loader.writePartly(tx, fresh)
  for (const draft of written) partly.add(draft.ordinal)
  round.progress += written.length
}

async function refuseDangling(run: RestoreRun, tx: TargetTransaction, aside: OrdinalSet, failed: Map<number, Problem>): Promise<void> {
  const references = await tx.danglingReferences(mostDangling)
  if (references.length === 0) return
  const wants = (ordinal: number): boolean => aside.has(ordinal) && !failed.has(ordinal)
  const found = await findRecords(run, tx, references, { wants, most: Infinity })
  for (const { ordinal, problem } of found) failed.set(ordinal, problem)
  // The commit refuses what no record was found for, and says it.
  if (found.length > 0) throw new Again()
}
