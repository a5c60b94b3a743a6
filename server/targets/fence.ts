import { AppError } from '../errors.ts'
import type { DanglingReference, Fence } from './target.ts'
import { cutValue } from './cells/refusal.ts'

/** The error of an attempt that is no longer the newest. `newest` is the attempt that is; null when the import session was ended and forgotten. */
export function fenced({ importId, attempt }: Fence, newest: number | null): AppError {
  const reason = newest === null ? 'its import session has ended' : `attempt ${newest} has begun`
  return new AppError('fenced', `Attempt ${attempt} can no longer write: ${reason}.`, {
    details: { importId, attempt, ...(newest !== null && { newest }) },
  })
}

/** The error of a commit that would leave a reference leading nowhere. */
export function referenceMissing(dangling: DanglingReference): AppError {
  const value = dangling.values.map(cutValue).join(', ')
  const key = dangling.key.map(cutValue).join(', ')
  const column = dangling.columns.join(', ')
  const message = `Row ${key} of table "${dangling.table}" refers by ${column} to ${value}, which table "${dangling.references.table}" does not have.`
  return new AppError('reference_missing', message, { details: { table: dangling.table, column, key, value, references: dangling.references.table } })
}

/** The error of going on with a transaction in which something was refused. */
export function transactionBroken(cause?: unknown): AppError {
  return new AppError('wrong_state', 'Something in this transaction was refused: it can only be rolled back.', { cause })
}

/** The error of using a transaction after its end, or of beginning a second one. */
export function transactionState(open: boolean): AppError {
  return new AppError('wrong_state', open ? 'This target has a transaction already.' : 'This transaction has ended.')
}
