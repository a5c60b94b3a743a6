import { expect } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { ImportView, Ledger, StartAnswer, StoredEvent } from '../../../shared/protocol/views.ts'
import type { ApiClient, StartOptions } from '../../support/api-client.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { logFaults } from '../log-faults.ts'
import { RunSignals } from './run-signals.ts'
import type { KillPoint, Phase } from './run-signals.ts'

/** A database of its own for each run; `file` where it is one. */
export type OwnTarget = { url: string; file: string | null; hasCheckpoint(): Promise<boolean> }
export type Sent = { content: string; start: StartOptions }
export type StartedRun = { importId: string; signals: RunSignals }
/** What the server says of a run when all is over. `log`: what is wrong with its stored events. */
export type RunEnd = { status: string; percent: number | null; ledger: Ledger; rejected: string; log: string[] }

/** A server whose runs are watched from outside, to kill it in their middle. */
export class KilledServer {
  readonly #server: ServerProcess
  readonly #api: ApiClient
  #count = 0

  private constructor(server: ServerProcess, api: ApiClient) {
    this.#server = server
    this.#api = api
  }

  static async start(env: Record<string, string>): Promise<KilledServer> {
    const server = await ServerProcess.start({ LOG_LEVEL: 'warn', ...env })
    return new KilledServer(server, await server.admin())
  }

  async close(): Promise<void> {
    await this.#server.close()
  }

  /** Makes a database one that is written to; answers its id. */
  async add({ url }: OwnTarget): Promise<string> {
    const json = { name: `target ${++this.#count}`, url }
    const { status, text, body } = await this.#api.request<{ target: { id: string } }>('POST', paths.targets, { json })
    expect(status, text).toBe(201)
    return body.target.id
  }

  async send({ content, start }: Sent, target: string): Promise<StartAnswer> {
    const { status, text, body } = await this.#api.start(content, { ...start, target })
    expect(status, text).toBe(201)
    return body
  }

  /** Starts a run whose signs are noted. */
  async watched(sent: Sent, target: string, { file: targetFile }: OwnTarget): Promise<StartedRun> {
    const { import: run, watch } = await this.send(sent, target)
    const { url, dataDir } = this.#server
    return { importId: run.id, signals: new RunSignals({ url, importId: run.id, token: watch.token, dataDir, targetFile }) }
  }

  /** Answers where the run was in when the server was killed, as far as could be seen. */
  async killAt(point: KillPoint, { signals }: StartedRun): Promise<Phase> {
    await signals.reached(point)
    await this.#server.kill('SIGKILL')
    const { phase } = signals
    signals.close()
    return phase
  }

  async startAgain(): Promise<void> {
    await this.#server.begin()
  }

  async ended(importId: string): Promise<ImportView> {
    return await this.#api.ended(importId)
  }

  /** What the server says once all is over, and the whole log. */
  async end(importId: string, target: OwnTarget): Promise<{ end: RunEnd; events: StoredEvent[] }> {
    const { status, progress, ledger, lastSeq, logChecksum } = await this.ended(importId)
    const events = await this.#api.events(importId)
    const rejected = (await this.#api.get(paths.rejected(importId))).text
    // The server tidies up after the last event.
    await expect.poll(async () => await target.hasCheckpoint(), { interval: 10, timeout: 20_000 }).toBe(false)
    return { end: { status, percent: progress.percent, ledger, rejected, log: logFaults(events, lastSeq, logChecksum) }, events }
  }
}
