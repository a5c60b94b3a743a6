import type { LogLevel } from '../shared/protocol/views.ts'
import type { SessionStatus } from '../shared/session-status.ts'

export type Look = { icon: string; color: 'neutral' | 'primary' | 'info' | 'success' | 'warning' | 'error'; turning?: boolean }

const looks: Record<SessionStatus, Look> = {
  queued: { icon: 'i-lucide-clock', color: 'neutral' },
  running: { icon: 'i-lucide-loader-circle', color: 'primary', turning: true },
  resuming: { icon: 'i-lucide-refresh-cw', color: 'warning', turning: true },
  cancelling: { icon: 'i-lucide-loader-circle', color: 'warning', turning: true },
  succeeded: { icon: 'i-lucide-circle-check', color: 'success' },
  partly_failed: { icon: 'i-lucide-triangle-alert', color: 'warning' },
  failed: { icon: 'i-lucide-circle-x', color: 'error' },
  cancelled: { icon: 'i-lucide-ban', color: 'neutral' },
}

/** How a status is shown: never by colour alone. */
export function statusLook(status: SessionStatus): Look {
  return looks[status]
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
