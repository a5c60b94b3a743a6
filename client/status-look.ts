import type { ImportView, LogLevel } from '../shared/protocol/views.ts'
import { isFinal } from '../shared/session-status.ts'
import type { SessionStatus } from '../shared/session-status.ts'

/** What is said of a run: its status, or what matters more now. `receiving`: its files arrive; `confirm`: it waits for a person; `stalled`: no sign of life. */
export type RunState = SessionStatus | 'receiving' | 'confirm' | 'stalled'

export type Look = { icon: string; color: 'neutral' | 'primary' | 'info' | 'success' | 'warning' | 'error'; turning?: boolean }

const looks: Record<RunState, Look> = {
  queued: { icon: 'i-lucide-clock', color: 'neutral' },
  running: { icon: 'i-lucide-loader-circle', color: 'primary', turning: true },
  resuming: { icon: 'i-lucide-refresh-cw', color: 'warning', turning: true },
  cancelling: { icon: 'i-lucide-loader-circle', color: 'warning', turning: true },
  succeeded: { icon: 'i-lucide-circle-check', color: 'success' },
  partly_failed: { icon: 'i-lucide-triangle-alert', color: 'warning' },
  failed: { icon: 'i-lucide-circle-x', color: 'error' },
  cancelled: { icon: 'i-lucide-ban', color: 'neutral' },
  receiving: { icon: 'i-lucide-cloud-download', color: 'info' },
  confirm: { icon: 'i-lucide-hand', color: 'warning' },
  stalled: { icon: 'i-lucide-hourglass', color: 'warning' },
}

/** How a state is shown: never by colour alone. */
export function statusLook(state: RunState): Look {
  return looks[state]
}

export function runState({ status, stalled, hold }: Pick<ImportView, 'status' | 'stalled' | 'hold'>): RunState {
  // The status may be newer than what is known of the rest.
  if (status === 'queued' && hold) return hold.reason
  return stalled && !isFinal(status) ? 'stalled' : status
}

const levelLooks: Record<LogLevel, { icon: string; text: string }> = {
  debug: { icon: 'i-lucide-bug', text: 'text-dimmed' },
  info: { icon: 'i-lucide-info', text: 'text-muted' },
  warning: { icon: 'i-lucide-triangle-alert', text: 'text-warning' },
  error: { icon: 'i-lucide-circle-x', text: 'text-error' },
}

export function levelLook(level: LogLevel): { icon: string; text: string } {
  return levelLooks[level]
}
