import { AppError } from '../../../errors.ts'
import type { OpenDelivery, Stored } from '../../../jobs/delivery-book.ts'
import { deliver } from '../steps/deliver.ts'
import { makeUnique } from '../steps/make-unique.ts'
import { orderOf } from '../steps/order.ts'
import { validate } from '../steps/validate.ts'
import { verify } from '../steps/verify.ts'
import { isClosed } from './account-lane.ts'
import type { AccountLane, OpenLane } from './account-lane.ts'
import type { BulkRun, Step } from './bulk-run.ts'
import { failedStep } from './failed-step.ts'

/** Takes a delivery from where its row is to its end, or to where it must wait. Each step is given the row that the former one stored, and nothing else to read from. */
export async function oneDelivery(first: OpenDelivery, run: BulkRun, lane: AccountLane): Promise<void> {
  for (let row: OpenDelivery | null = first; row !== null;) {
    const step = await stepOf(row, run, lane)
    if (step === null || lane.refusal) return await forget(run, step)
    const { file, account, state }: OpenDelivery = row
    const next: OpenDelivery | null = await run.ports.book.write({ file, account, from: state, ...step })
    run.progress.moved(state, step.result.to === 'again' ? step.result.back : step.result.to)
    await tidy(row, step, run, lane)
    row = next
  }
}

/** What the next step makes of a row; null when its account lets nobody in. */
async function stepOf(row: OpenDelivery, run: BulkRun, lane: AccountLane): Promise<Step | null> {
  const { signal } = run.context
  const either = AbortSignal.any([signal, lane.signal])
  try {
    signal.throwIfAborted()
    return await take(row, run, await lane.open(), either)
  } catch (thrown) {
    if (signal.aborted) throw await stopped(row, run, lane)
    if (lane.refusal) return null
    if (thrown instanceof AppError && isClosed(thrown)) {
      lane.refuse({ code: thrown.code, message: thrown.message })
      return null
    }
    if (!(thrown instanceof AppError)) run.ports.fault(thrown)
    if (thrown instanceof AppError && thrown.code === 'destination_unreachable') lane.renew()
    return failedStep(row, thrown, run.ports.retryMs)
  }
}

async function take(row: OpenDelivery, run: BulkRun, lane: OpenLane, signal: AbortSignal): Promise<Step> {
  switch (row.state) {
    case 'waiting':
      return await validate(row, run, lane.limits)
    case 'valid':
      return await makeUnique(row, run)
    case 'copied':
      return await deliver(row, run, lane, signal)
    case 'delivered':
      return await verify(row, run, lane, signal)
  }
}

/** A run that was cancelled leaves nothing half done at the destination; one that only stops goes on there. */
async function stopped(row: OpenDelivery, run: BulkRun, lane: AccountLane): Promise<unknown> {
  const reason: unknown = run.context.signal.reason
  if (row.state === 'copied' && reason instanceof AppError && reason.code === 'cancelled') await abandon(row, run, lane)
  return reason
}

/** Removes what nobody needs any more once a row is final. What can't be removed now is left to the storage's sweep. */
async function tidy(row: OpenDelivery, { result }: Step, run: BulkRun, lane: AccountLane): Promise<void> {
  if (row.state !== 'copied' && row.state !== 'delivered') return
  if (result.to === 'failed') await abandon(row, run, lane)
  if (result.to === 'verified' || result.to === 'copied' || (result.to === 'failed' && !result.keepsCopy)) await removeCopy(run, row.copy)
}

/** Removes what is half done at the destination, as far as it can be. */
export async function abandon(row: Parameters<typeof orderOf>[1], run: BulkRun, lane: AccountLane): Promise<void> {
  const open = await lane.open().catch(() => null)
  await open?.destination.abandon(orderOf(run.importId, row))
}

/** A copy that was made for a row that is not to be written any more. */
async function forget(run: BulkRun, step: Step | null): Promise<void> {
  if (step?.result.to === 'copied') await removeCopy(run, step.result.copy)
}

export async function removeCopy({ ports }: Pick<BulkRun, 'ports'>, { key }: Pick<Stored, 'key'>): Promise<void> {
  await ports.storage.remove(key).catch((thrown: unknown) => ports.fault(thrown))
}
