import { expect } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { Ledger } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { logFaults } from '../log-faults.ts'
import type { Content, FaultTarget, FaultTargets } from './fault-target.ts'
import type { KillPoint } from './run-signals.ts'
import { libraryFixture } from './library-fixture.ts'
import { RunSignals } from './run-signals.ts'
import type { Phase, Signal } from './run-signals.ts'

export type Mode = 'all_or_nothing' | 'keep_going'

/** What is left when all is over: the same, however often the server was killed. `log` says what is wrong with the stored events. */
export type End = { status: string; percent: number | null; ledger: Ledger; content: Content; rejected: string; faults: string[]; log: string[] }

/** A target as the killed server left it, before anybody opens it. */
type RightAfter = { content: Content; faults: string[] }

const records = 10_000

/** Runs the same restore again and again, each time into a target of its own, and kills the server in the middle of it. */
export class KillRun {
  readonly #mode: Mode
  readonly #targets: FaultTargets
  readonly #server: ServerProcess
  readonly #api: ApiClient
  readonly #fixture: string
  #count = 0

  private constructor(mode: Mode, targets: FaultTargets, server: ServerProcess, api: ApiClient) {
    this.#mode = mode
    this.#targets = targets
    this.#server = server
    this.#api = api
    this.#fixture = libraryFixture(records, { bad: mode === 'keep_going' })
  }

  static async open(mode: Mode, targets: FaultTargets): Promise<KillRun> {
    const server = await ServerProcess.start({ LOG_LEVEL: 'warn', ...targets.env })
    return new KillRun(mode, targets, server, await server.admin())
  }

  async close(): Promise<void> {
    await this.#server.close()
  }

  async undisturbed(): Promise<{ before: Content; end: End; trace: Signal[] }> {
    const target = await this.#targets.create()
    const before = await target.content()
    const { importId, signals } = await this.#start(target)
    await signals.ended()
    const end = await this.#end(importId, target)
    signals.close()
    return { before, end, trace: signals.seen }
  }

  /** `phase` is where the run was in when the server was killed, as far as could be seen. */
  async killedAt(point: KillPoint): Promise<{ rightAfter: RightAfter; end: End; attempts: number; phase: Phase }> {
    const target = await this.#targets.create()
    const { importId, signals } = await this.#start(target)
    await signals.reached(point)
    await this.#server.kill('SIGKILL')
    const { phase } = signals
    signals.close()
    const rightAfter = { content: await target.content(), faults: await target.faults() }
    await this.#server.begin()
    const { attempt } = await this.#api.ended(importId)
    return { rightAfter, end: await this.#end(importId, target), attempts: attempt, phase }
  }

  async #start(target: FaultTarget): Promise<{ importId: string; signals: RunSignals }> {
    const json = { name: `library ${++this.#count}`, url: target.url }
    const added = await this.#api.request<{ target: { id: string } }>('POST', paths.targets, { json })
    expect(added.status, added.text).toBe(201)
    const started = await this.#api.start(this.#fixture, { name: 'library.json', target: added.body.target.id, options: { mode: this.#mode } })
    expect(started.status, started.text).toBe(201)
    const { import: run, watch } = started.body
    const { url, dataDir } = this.#server
    return { importId: run.id, signals: new RunSignals({ url, importId: run.id, token: watch.token, dataDir, targetFile: target.file }) }
  }

  async #end(importId: string, target: FaultTarget): Promise<End> {
    const { status, progress, ledger, lastSeq, logChecksum } = await this.#api.ended(importId)
    const events = await this.#api.events(importId)
    const rejected = await this.#api.get(paths.rejected(importId))
    // The server tidies up after the last event.
    await expect.poll(async () => await target.hasCheckpoint(), { interval: 10, timeout: 20_000 }).toBe(false)
    return {
      status,
      percent: progress.percent,
      ledger,
      content: await target.content(),
      rejected: rejected.text,
      faults: await target.faults(),
      log: logFaults(events, lastSeq, logChecksum),
    }
  }
}
