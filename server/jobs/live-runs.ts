import type { Ledger, Progress } from '../../shared/protocol/views.ts'

type LiveRun = {
  attempt: number
  status: 'running' | 'cancelling'
  progress: Progress
  ledger: Ledger
  stalled: boolean
  lastSign: number
  longestGap: number
}

/** A run is not called stalled before it was silent for so long, however quick its rhythm was. */
const shortestSilence = 15_000

/** The newest figures of the runs that work in this process, newer than what the database has. */
export class LiveRuns {
  readonly #runs = new Map<string, LiveRun>()

  begin(importId: string, attempt: number, progress: Progress, ledger: Ledger): void {
    this.#runs.set(importId, { attempt, status: 'running', progress, ledger, stalled: false, lastSign: Date.now(), longestGap: 0 })
  }

  end(importId: string): void {
    this.#runs.delete(importId)
  }

  get(importId: string): Readonly<LiveRun> | undefined {
    return this.#runs.get(importId)
  }

  set(importId: string, progress: Progress, ledger: Ledger): void {
    const run = this.#runs.get(importId)
    if (run) Object.assign(run, { progress, ledger })
  }

  cancelling(importId: string): void {
    const run = this.#runs.get(importId)
    if (run) run.status = 'cancelling'
  }

  /** A sign of life. The longest silence so far is the run's own rhythm. */
  alive(importId: string): void {
    const run = this.#runs.get(importId)
    if (!run) return
    const now = Date.now()
    run.longestGap = Math.max(run.longestGap, now - run.lastSign)
    run.lastSign = now
  }

  /** Looks whether runs fell silent or spoke again; answers the ids for which that changed. */
  review(): string[] {
    const now = Date.now()
    const changed: string[] = []
    for (const [importId, run] of this.#runs) {
      const stalled = now - run.lastSign > Math.max(shortestSilence, 3 * run.longestGap)
      if (stalled !== run.stalled) changed.push(importId)
      run.stalled = stalled
    }
    return changed
  }
}
