import type { DeliveryState } from '../../shared/protocol/views.ts'

/** What is shown of a delivery: its state, or that it is on its way, or that it waits to be tried again. */
export type DeliveryShown = DeliveryState | 'sending' | 'again'

export type DeliveryLook = { icon: string; /** Classes of the icon and of what lies behind it. */ text: string; fill: string }

const looks: Record<DeliveryShown, DeliveryLook> = {
  waiting: { icon: 'i-lucide-circle-dashed', text: 'text-dimmed', fill: '' },
  valid: { icon: 'i-lucide-file-check', text: 'text-muted', fill: 'bg-elevated' },
  copied: { icon: 'i-lucide-files', text: 'text-info', fill: 'bg-info/8' },
  sending: { icon: 'i-lucide-arrow-up', text: 'text-primary', fill: 'bg-primary/8' },
  again: { icon: 'i-lucide-rotate-ccw', text: 'text-warning', fill: 'bg-warning/8' },
  delivered: { icon: 'i-lucide-package-check', text: 'text-info', fill: 'bg-info/10' },
  verified: { icon: 'i-lucide-check', text: 'text-success', fill: 'bg-success/10' },
  failed: { icon: 'i-lucide-x', text: 'text-error', fill: 'bg-error/15' },
  stopped: { icon: 'i-lucide-octagon-pause', text: 'text-warning', fill: 'bg-warning/15' },
  skipped: { icon: 'i-lucide-corner-down-right', text: 'text-muted', fill: 'bg-elevated' },
}

/** How a delivery is shown: never by colour alone. */
export function deliveryLook(shown: DeliveryShown): DeliveryLook {
  return looks[shown]
}

const settled: readonly DeliveryState[] = ['verified', 'failed', 'stopped', 'skipped']

/** `sending`: some of its bytes are on their way now. `again`: a try has failed, and there will be another. */
export function deliveryShown({ state, sending, failedBefore }: { state: DeliveryState; sending: boolean; failedBefore: boolean }): DeliveryShown {
  if (sending && state === 'copied') return 'sending'
  return failedBefore && !settled.includes(state) ? 'again' : state
}
