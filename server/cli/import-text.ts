import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import { duration, progressLine } from './progress-bar.ts'
import { exitCodes } from './surroundings.ts'
import { safeLine } from './terminal-text.ts'

const count = new Intl.NumberFormat('en')

/** The exit code that says how a run ended. */
export function exitCodeOf(view: ImportView): number {
  if (view.status === 'succeeded') return exitCodes.succeeded
  return view.status === 'partly_failed' ? exitCodes.partlyFailed : exitCodes.failed
}

/** An import session in a few lines. */
export function describeImport(view: ImportView): string {
  const lines = [
    `${view.id}  ${statusWords(view)}`,
    `  ${view.kind}${view.target ? ` to ${safeLine(view.target.name)}` : ''}, by ${safeLine(view.user.name)}, ${view.createdAt}${view.attempt > 1 ? `, attempt ${view.attempt}` : ''}`,
    ...view.files.map(({ name, relativePath, size }) => `  ${safeLine(relativePath ?? name)}, ${count.format(size)} bytes`),
    `  ${isFinal(view.status) ? ledgerWords(view) : progressLine(view.progress, view.ledger, 200)}`,
  ]
  if (view.hold) lines.push(`  ${safeLine(view.hold.message)}`)
  if (view.hold?.reason === 'confirm') lines.push(`  Go on: intake continue ${view.id}. Stop it: intake cancel ${view.id}`)
  if (view.error) lines.push(`  ${safeLine(view.error.message)} (${view.error.code})`)
  return `${lines.join('\n')}\n`
}

/** How a run ended, in a line or three. */
export function describeEnd(view: ImportView): string {
  const took = view.startedAt && view.endedAt ? `, in ${duration(Date.parse(view.endedAt) - Date.parse(view.startedAt))}` : ''
  const lines = [`${statusWords(view)}: ${ledgerWords(view)}${took}`]
  if (view.error) lines.push(`${safeLine(view.error.message)} (${view.error.code})`)
  return `${lines.join('\n')}\n`
}

const holdWords = { receiving: 'receiving', confirm: 'waits for a person' }

export function statusWords(view: ImportView): string {
  if (view.hold) return holdWords[view.hold.reason]
  const words = view.status.replace('_', ' ')
  return view.stalled && !isFinal(view.status) ? `${words} (no sign of life)` : words
}

function ledgerWords({ ledger: { total, succeeded, failed, skipped, notReached } }: ImportView): string {
  const of = total === null ? '' : ` of ${count.format(total)}`
  const rest = notReached === null ? '' : `, ${count.format(notReached)} not reached`
  return `${count.format(succeeded)}${of} succeeded, ${count.format(failed)} failed, ${count.format(skipped)} skipped${rest}`
}
