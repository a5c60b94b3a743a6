import { Readable } from 'node:stream'
import type { Content, Delivered, DeliveryOrder, Transfer } from '../../../destinations/destination.ts'
import { AppError } from '../../../errors.ts'
import type { CopiedDelivery, Stored } from '../../../jobs/delivery-book.ts'
import type { OpenLane } from '../run/account-lane.ts'
import type { BulkRun, Step } from '../run/bulk-run.ts'
import { makeUnique } from './make-unique.ts'
import { orderOf } from './order.ts'
import { refuseTooLarge } from './validate.ts'

/** Sends the account's own copy. What a former try had sent is not sent again, as far as the destination can. */
export async function deliver(row: CopiedDelivery, run: BulkRun, lane: OpenLane, signal: AbortSignal): Promise<Step> {
  const { copy, path } = row
  if (row.resumed && !(await isKept(copy, run, signal))) return await makeAgain(row, run)
  refuseTooLarge(path, copy.size, lane.limits)
  const order = orderOf(run.importId, row)
  const transfer: Transfer = { signal, progress: (bytes) => run.progress.sent(row, bytes, copy.size) }
  try {
    const tried = row.resumed || row.attempts > 0
    const there = tried && (await lies(order, lane, signal))
    const delivered = there ? there : await lane.destination.deliver(contentOf(row, run, lane, signal), order, transfer)
    const result = { to: 'delivered', attempts: row.attempts + 1, bytes: copy.size } as const
    return { result, level: 'info', message: sentence(path, copy.size, delivered) }
  } finally {
    run.progress.sentAll(row)
  }
}

/** Whether a copy that a former attempt made is what it made: a power cut may have taken it, or some of its bytes. */
async function isKept({ key, sha256, size }: Stored, { ports, fileWork }: BulkRun, signal: AbortSignal): Promise<boolean> {
  const file = ports.storage.fileOf(key)
  if (file === null) return true
  try {
    return await fileWork.holds(file, { sha256, size }, signal)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw thrown
  }
}

async function makeAgain(row: CopiedDelivery, run: BulkRun): Promise<Step> {
  const checked = await run.files.check(row.file)
  if (!checked.ok) throw new AppError(checked.error.code, checked.error.message)
  const made = await makeUnique({ ...row, state: 'valid', upload: checked.upload }, run)
  return { ...made, level: 'warning', message: `The copy ${row.path} was lost or damaged where it was kept, and was made again.` }
}

/** An endpoint that replaces what it has would get again what a former try had brought to its end: it is asked first. */
async function lies(order: DeliveryOrder, { destination }: OpenLane, signal: AbortSignal): Promise<Delivered | false> {
  if (destination.capabilities.keepsOthers || destination.capabilities.verifies === 'nothing') return false
  try {
    const { compared } = await destination.verify(order, signal)
    return compared === 'content' && { outcome: 'already_there', resumedAt: 0 }
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'destination_damaged') return false
    throw thrown
  }
}

function contentOf({ copy }: CopiedDelivery, { ports }: BulkRun, { pace }: OpenLane, signal: AbortSignal): Content {
  const from = (start: number): Readable => {
    if (start >= copy.size) return Readable.from([], { objectMode: false })
    const stored = start === 0 ? ports.storage.read(copy.key) : ports.storage.read(copy.key, { start, end: copy.size })
    return pace ? Readable.from(pace.slowed(stored as AsyncIterable<Buffer>, signal), { objectMode: false }) : stored
  }
  const file = pace ? null : ports.storage.fileOf(copy.key)
  return file === null ? from : Object.assign(from, { file })
}

function sentence(path: string, size: number, { outcome, resumedAt }: Delivered): string {
  if (outcome === 'already_there') return `${path} had arrived with a former try; nothing was sent again.`
  const on = resumedAt > 0 ? `, from byte ${resumedAt.toLocaleString('en-US')} on` : ''
  return `${path} was sent: ${size.toLocaleString('en-US')} bytes${on}.`
}
