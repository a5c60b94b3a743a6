import type { Ledger, Progress } from '../../shared/protocol/views.ts'
import type { ProgressUpdate } from './importer.ts'

/** At most ten messages a second, the newest wins. */
const interval = 100
/** The rate is that of about the last five seconds. */
const rateWindow = 5000

type Report = { type: 'progress'; progress: Progress; ledger: Ledger }

/** Thins out progress, and adds what an importer need not know: rate and time left. Percent never goes back. */
export class ProgressMeter {
  readonly #send: (report: Report) => void
  readonly #startedAt = Date.now()
  #percent = 0
  #sentAt = 0
  #pending: ProgressUpdate | null = null
  #timer: NodeJS.Timeout | undefined
  #samples: { at: number; done: number; step: number }[] = []

  constructor(send: (report: Report) => void) {
    this.#send = send
  }

  update(update: ProgressUpdate): void {
    this.#pending = update
    const now = Date.now()
    if (now - this.#sentAt >= interval) this.#flush(now)
    else this.#timer ??= setTimeout(() => this.#flush(Date.now()), interval)
  }

  finish(): void {
    if (this.#pending) this.#flush(Date.now())
  }

  #flush(now: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const update = this.#pending
    if (!update) return
    this.#pending = null
    this.#sentAt = now
    if (update.percent !== null) this.#percent = Math.max(this.#percent, Math.min(update.percent, 100))
    const { ledger, ...figures } = update
    const percent = update.percent === null ? null : this.#percent
    this.#send({ type: 'progress', progress: { ...figures, percent, rate: this.#rate(update, now), etaMs: this.#eta(percent, now) }, ledger })
  }

  #rate(update: ProgressUpdate, now: number): number | null {
    const step = update.step?.index ?? 0
    this.#samples = this.#samples.filter((sample) => sample.step === step && now - sample.at < rateWindow)
    this.#samples.push({ at: now, done: update.done, step })
    const first = this.#samples[0]
    if (!first || now - first.at < 250) return null
    return Math.max(0, Math.round(((update.done - first.done) * 1000) / (now - first.at)))
  }

  #eta(percent: number | null, now: number): number | null {
    const elapsed = now - this.#startedAt
    if (percent === null || percent < 1 || elapsed < 1000) return null
    return Math.round((elapsed * (100 - percent)) / percent)
  }
}
