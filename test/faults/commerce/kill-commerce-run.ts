import { expect } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { Ledger } from '../../../shared/protocol/views.ts'
import { commerceTypes } from '../../../shared/schemas/commerce-options.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { logFaults } from '../log-faults.ts'
import { RunSignals } from '../restore/run-signals.ts'
import type { KillPoint, Phase, Signal } from '../restore/run-signals.ts'
import type { CommerceTarget, CommerceTargets, Rows } from './commerce-targets.ts'
import { goodsFile } from './goods-file.ts'

/** What is left when all is over: the same, however often the server was killed. `counts`: of each entity, as the last line has them. */
export type End = { status: string; percent: number | null; ledger: Ledger; rows: Rows; counts: unknown; rejected: string; log: string[] }

/** Runs the same import from 1C again and again, each time into a database of its own, and kills the server in the middle of it. */
export class KillCommerceRun {
  readonly #targets: CommerceTargets
  readonly #server: ServerProcess
  readonly #api: ApiClient
  readonly #file = goodsFile()
  #count = 0

  private constructor(targets: CommerceTargets, server: ServerProcess, api: ApiClient) {
    this.#targets = targets
    this.#server = server
    this.#api = api
  }

  static async open(targets: CommerceTargets): Promise<KillCommerceRun> {
    const server = await ServerProcess.start({ LOG_LEVEL: 'warn', ...targets.env })
    return new KillCommerceRun(targets, server, await server.admin())
  }

  async close(): Promise<void> {
    await this.#server.close()
  }

  async undisturbed(): Promise<{ end: End; trace: Signal[] }> {
    const target = await this.#targets.create()
    const { importId, signals } = await this.#start(target)
    await signals.ended()
    const end = await this.#end(importId, target)
    signals.close()
    return { end, trace: signals.seen }
  }

  /** `phase` is where the run was in when the server was killed, as far as could be seen. */
  async killedAt(point: KillPoint): Promise<{ end: End; attempts: number; phase: Phase }> {
    const target = await this.#targets.create()
    const { importId, signals } = await this.#start(target)
    await signals.reached(point)
    await this.#server.restart('SIGKILL')
    const { phase } = signals
    signals.close()
    const { attempt } = await this.#api.ended(importId)
    return { end: await this.#end(importId, target), attempts: attempt, phase }
  }

  async #start(target: CommerceTarget): Promise<{ importId: string; signals: RunSignals }> {
    const json = { name: `goods ${++this.#count}`, url: target.url }
    const added = await this.#api.request<{ target: { id: string } }>('POST', paths.targets, { json })
    expect(added.status, added.text).toBe(201)
    const options = { types: [...commerceTypes] }
    const started = await this.#api.start(this.#file, { kind: 'commerce', name: 'goods.xml', target: added.body.target.id, options })
    expect(started.status, started.text).toBe(201)
    const { import: run, watch } = started.body
    const { url, dataDir } = this.#server
    return { importId: run.id, signals: new RunSignals({ url, importId: run.id, token: watch.token, dataDir, targetFile: target.file }) }
  }

  async #end(importId: string, target: CommerceTarget): Promise<End> {
    const { status, progress, ledger, lastSeq, logChecksum } = await this.#api.ended(importId)
    const events = await this.#api.events(importId)
    const rejected = await this.#api.get(paths.rejected(importId))
    // The server tidies up after the last event.
    await expect.poll(async () => await target.hasCheckpoint(), { interval: 10, timeout: 20_000 }).toBe(false)
    return {
      status,
      percent: progress.percent,
      ledger,
      rows: await target.rows(),
      counts: events.findLast(({ message }) => message?.startsWith('Done: '))?.data,
      rejected: rejected.text,
      log: logFaults(events, lastSeq, logChecksum),
    }
  }
}
