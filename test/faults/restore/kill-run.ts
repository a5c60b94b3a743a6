import { KilledServer } from '../kill/killed-server.ts'
import type { RunEnd, Sent } from '../kill/killed-server.ts'
import type { KillPoint, Phase, Signal } from '../kill/run-signals.ts'
import type { Content, FaultTarget, FaultTargets } from './fault-target.ts'
import { libraryFixture } from './library-fixture.ts'

export type Mode = 'all_or_nothing' | 'keep_going'

/** What is left when all is over: the same, however often the server was killed. */
export type End = RunEnd & { content: Content; faults: string[] }

/** A target as the killed server left it, before anybody opens it. */
type RightAfter = { content: Content; faults: string[] }

const records = 10_000

/** Runs the same restore again and again, each time into a target of its own, and kills the server in the middle of it. */
export class KillRun {
  readonly #targets: FaultTargets
  readonly #server: KilledServer
  readonly #sent: Sent

  private constructor(mode: Mode, targets: FaultTargets, server: KilledServer) {
    this.#targets = targets
    this.#server = server
    this.#sent = { content: libraryFixture(records, { bad: mode === 'keep_going' }), start: { name: 'library.json', options: { mode } } }
  }

  static async open(mode: Mode, targets: FaultTargets): Promise<KillRun> {
    return new KillRun(mode, targets, await KilledServer.start(targets.env))
  }

  async close(): Promise<void> {
    await this.#server.close()
  }

  async undisturbed(): Promise<{ before: Content; end: End; trace: Signal[] }> {
    const target = await this.#targets.create()
    const before = await target.content()
    const { importId, signals } = await this.#server.watched(this.#sent, await this.#server.add(target), target)
    await signals.ended()
    const end = await this.#end(importId, target)
    signals.close()
    return { before, end, trace: signals.seen }
  }

  /** `phase` is where the run was in when the server was killed, as far as could be seen. */
  async killedAt(point: KillPoint): Promise<{ rightAfter: RightAfter; end: End; attempts: number; phase: Phase }> {
    const target = await this.#targets.create()
    const run = await this.#server.watched(this.#sent, await this.#server.add(target), target)
    const phase = await this.#server.killAt(point, run)
    const rightAfter = { content: await target.content(), faults: await target.faults() }
    await this.#server.startAgain()
    const { attempt: attempts } = await this.#server.ended(run.importId)
    return { rightAfter, end: await this.#end(run.importId, target), attempts, phase }
  }

  async #end(importId: string, target: FaultTarget): Promise<End> {
    const { end } = await this.#server.end(importId, target)
    return { ...end, content: await target.content(), faults: await target.faults() }
  }
}
