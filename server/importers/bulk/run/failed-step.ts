import { AppError, toAppError } from '../../../errors.ts'
import type { OpenDelivery } from '../../../jobs/delivery-book.ts'
import type { Step } from './bulk-run.ts'

const mostTries = 5
/** What another side asks for is waited for so long at most. */
const longestWaitMs = 3_600_000

/** What becomes of a delivery whose step failed: it is tried again after a while, longer each time, or it has failed. */
export function failedStep(row: OpenDelivery, thrown: unknown, retryMs: number): Step {
  const error = toAppError(thrown)
  const unforeseen = error.code === 'internal'
  const message = unforeseen ? 'The delivery failed in a way that nobody foresaw. The server log has the reason.' : error.message
  const told = { code: error.code, message }
  const damaged = error.code === 'destination_damaged' && row.state === 'delivered'
  // Sending it was counted already.
  const attempts = damaged ? row.attempts : row.attempts + 1
  if (!error.retryable || attempts >= mostTries) {
    const tries = attempts > 1 ? ` It was tried ${attempts} times.` : ''
    const keepsCopy = row.state === 'delivered' && !damaged
    return { result: { to: 'failed', attempts, error: told, keepsCopy }, level: 'error', message: `${message}${tries}` }
  }
  const waitMs = waitFor(error, attempts, retryMs)
  const notBefore = Date.now() + waitMs
  const back = damaged ? 'copied' : row.state
  const seconds = Math.max(1, Math.round(waitMs / 1000))
  return {
    result: { to: 'again', back, attempts, notBefore, bytes: 0, error: told },
    level: 'warning',
    message: `${message} Try ${attempts + 1} of ${mostTries} in ${seconds} s.`,
  }
}

function waitFor({ details }: AppError, attempts: number, retryMs: number): number {
  const asked = details?.['retryAfterMs']
  const own = retryMs * 4 ** (attempts - 1)
  return typeof asked === 'number' ? Math.min(longestWaitMs, Math.max(asked, own)) : own
}
