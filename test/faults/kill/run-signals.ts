import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import path from 'node:path'
import { isFinal } from '../../../shared/session-status.ts'
import { Watcher } from '../../support/watcher.ts'

/** What can be seen of a run from outside: its messages, and writes to the files of its target and of the app database. */
export type Source = 'event' | 'progress' | 'target' | 'app'

/**
 * `start`: before the first figures; `commit`: from the last line of the importer to the last event; `after`: the run has ended and the server tidies up. Between them
 * the steps of a restore, or those of an import from 1C.
 */
export const phases = ['start', 'check', 'load', 'verify', 'catalog', 'prices', 'stocks', 'customers', 'commit', 'after'] as const
export type Phase = (typeof phases)[number]

/** The `n`-th sign of its source, and when it was seen, in milliseconds after the start. */
export type Signal = { source: Source; n: number; at: number; phase: Phase }

/** A sign that has not come so long after the end of a run does not come any more. */
const longestTidying = 100

/** So many milliseconds after the `n`-th sign of a source. */
export type KillPoint = { source: Source; n: number; delay: number; phase: Phase }

export type Observed = { url: string; importId: string; token: string; dataDir: string; targetFile: string | null }

/** Looks at a run from outside, and tells each sign of it as it comes. */
export class RunSignals {
  readonly seen: Signal[] = []
  phase: Phase = 'start'
  readonly watcher: Watcher
  readonly #counts: Record<Source, number> = { event: 0, progress: 0, target: 0, app: 0 }
  readonly #started = performance.now()
  readonly #files: FSWatcher[]
  #onSignal: (signal: Signal) => void = () => {}

  constructor({ url, importId, token, dataDir, targetFile }: Observed) {
    this.watcher = new Watcher(url, importId, { token })
    this.watcher.socket.on('event', ({ events }) => {
      if (events.some(({ message }) => message?.startsWith('Done: '))) this.#reach('commit')
      if (events.some(({ status }) => status !== undefined && isFinal(status))) this.#reach('after')
      this.#note('event')
    })
    this.watcher.socket.on('progress', ({ progress: { step } }) => {
      const phase = phases.find((name) => name === step?.name)
      if (phase) this.#reach(phase)
      this.#note('progress')
    })
    this.#files = [this.#watchLog(path.join(dataDir, 'intake.db'), 'app')]
    if (targetFile !== null) this.#files.push(this.#watchLog(targetFile, 'target'))
  }

  async ended(): Promise<void> {
    await this.watcher.untilEnd()
  }

  /** Resolves so long after the sign, or when the run has ended without it. */
  async reached({ source, n, delay }: KillPoint): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (signal: Signal): void => {
      if (signal.source === source && signal.n === n) setTimeout(resolve, delay)
    }
    for (const signal of this.seen) look(signal)
    this.#onSignal = look
    void this.ended().then(() => setTimeout(resolve, longestTidying))
    await promise
  }

  close(): void {
    this.#onSignal = () => {}
    this.watcher.close()
    for (const file of this.#files) file.close()
  }

  /** Writes to the write-ahead log of an SQLite file. */
  #watchLog(database: string, source: Source): FSWatcher {
    return watch(path.dirname(database), (_change, file) => file === `${path.basename(database)}-wal` && this.#note(source))
  }

  /** Figures come late: what was reached stays reached. */
  #reach(phase: Phase): void {
    if (phases.indexOf(phase) > phases.indexOf(this.phase)) this.phase = phase
  }

  #note(source: Source): void {
    const signal: Signal = { source, n: (this.#counts[source] += 1), at: performance.now() - this.#started, phase: this.phase }
    this.seen.push(signal)
    this.#onSignal(signal)
  }
}
