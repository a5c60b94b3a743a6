import type { WaitingDelivery } from '../../../jobs/delivery-book.ts'
import { AppError } from '../../../errors.ts'
import type { AccountLimits } from '../../../../shared/protocol/views.ts'
import type { BulkRun, Step } from '../run/bulk-run.ts'

/** Whether the file can be delivered: whole, what it is called, not too large for the account, and not the same as an earlier one. */
export async function validate({ file }: WaitingDelivery, { files, ports }: BulkRun, limits: AccountLimits): Promise<Step> {
  const name = files.pathOf(file)
  const same = await files.sameAs(file)
  // What the account does not take as the first file it does not have from it either.
  if (same !== null) refuseTooLarge(name, ports.uploads[file]!.size, limits)
  if (same !== null) return { result: { to: 'skipped' }, level: 'info', message: `${name} has the same content as ${same}: it is delivered once.` }
  const checked = await files.check(file)
  if (!checked.ok) throw new AppError(checked.error.code, checked.error.message)
  const { upload } = checked
  refuseTooLarge(name, upload.size, limits)
  return { result: { to: 'valid', upload }, level: 'debug', message: `${name} is whole: ${upload.size.toLocaleString('en-US')} bytes.` }
}

export function refuseTooLarge(name: string, size: number, { maxBytes }: AccountLimits): void {
  if (maxBytes === null || size <= maxBytes) return
  const [has, takes] = [size, maxBytes].map((bytes) => bytes.toLocaleString('en-US'))
  throw new AppError('destination_too_large', `${name} has ${has} bytes; this account takes files of up to ${takes}.`)
}
