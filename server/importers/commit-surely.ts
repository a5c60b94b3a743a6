import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import type { JobContext } from '../jobs/importer.ts'
import type { Checkpoint, Fence, Target, TargetTransaction } from '../targets/target.ts'

type Run = { target: Target; fence: Fence; context: JobContext }

/** How long is waited before the target is asked again, in milliseconds. */
const pauses = [0, 500, 2000, 5000]

/** Commits; a state that is not the last says by `next` how far it is. When the connection is lost in the middle of it, the target is asked whether it went through: its checkpoint says so. */
export async function commitSurely(run: Run, tx: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
  try {
    await tx.commit(checkpoint)
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'target_unreachable') throw thrown
    await run.context.log('warning', 'The connection to the database was lost while it was committing. Asking it whether that went through.')
    if (!(await wentThrough(run, checkpoint))) throw thrown
  }
}

async function wentThrough({ target, fence, context }: Run, checkpoint: Checkpoint): Promise<boolean> {
  for (const pause of pauses) {
    await wait(pause, undefined, { signal: context.signal })
    try {
      const found = await target.claim(fence)
      return found !== null && found.done === checkpoint.done && nextOf(found.state) === nextOf(checkpoint.state)
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'target_unreachable') throw thrown
    }
  }
  const message =
    'The connection to the database was lost while it was committing, and does not come back: whether the last records went in can not be said. Try again when the database is there.'
  throw new AppError('target_unreachable', message)
}

function nextOf(state: unknown): unknown {
  return typeof state === 'object' && state !== null && 'next' in state ? state.next : null
}
