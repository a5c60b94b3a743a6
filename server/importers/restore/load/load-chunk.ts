import type { DanglingReference, TargetTransaction } from '../../../targets/target.ts'
import type { Draft } from '../plan/draft.ts'
import type { RestoreRun } from '../restore-run.ts'
import type { Chunk } from '../source/record-source.ts'
import { DanglingIndex } from './dangling-index.ts'
import { keepOrder } from './held-rows.ts'
import type { HeldRows } from './held-rows.ts'
import type { Refusal } from './loader.ts'

/** What became of the records of a chunk; `aside` ones refer to rows that are not there yet. */
export type ChunkResult = { written: Draft[]; aside: Draft[]; refused: Refusal[] }

/** Thrown within a savepoint to undo it. */
class Dangling extends Error {
  override readonly name = 'Dangling'
  readonly references: DanglingReference[]

  constructor(references: DanglingReference[]) {
    super('references lead nowhere')
    this.references = references
  }
}

/** More references than a chunk can leave dangling, links included. */
const mostDangling = 1_000_000

/** Writes a chunk so that it can be committed: without bad records, and without those that refer to what is not there. */
export async function loadChunk(run: RestoreRun, tx: TargetTransaction, chunk: Chunk, held: HeldRows): Promise<ChunkResult> {
  const { drafts, refused } = run.loader.drafts(chunk)
  const aside: Draft[] = []
  let left = keepOrder(drafts, held, aside)
  for (;;) {
    try {
      const current = left
      const result = await tx.savepoint(async () => {
        const written = await run.loader.write(tx, current)
        const references = await tx.danglingReferences(mostDangling)
        if (references.length > 0) throw new Dangling(references)
        return written
      })
      for (const draft of result.waiting) held.hold(draft)
      return { written: result.written, aside: [...aside, ...result.waiting], refused: [...refused, ...result.refused] }
    } catch (thrown) {
      if (!(thrown instanceof Dangling)) throw thrown
      run.naturals.undone()
      left = setAside(left, thrown.references, held, aside)
    }
  }
}

/** Takes the drafts out by which the references came; all of them when it can't be told by which. */
function setAside(drafts: Draft[], references: DanglingReference[], held: HeldRows, aside: Draft[]): Draft[] {
  const index = new DanglingIndex(references)
  const rest = keepOrder(drafts, held, aside, (draft) => index.of(draft) !== null)
  if (rest.length < drafts.length) return rest
  aside.push(...drafts)
  for (const draft of drafts) held.hold(draft)
  return []
}
