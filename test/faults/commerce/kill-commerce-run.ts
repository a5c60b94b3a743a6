import { commerceTypes } from '../../../shared/schemas/commerce-options.ts'
import { KilledServer } from '../kill/killed-server.ts'
import type { RunEnd, Sent } from '../kill/killed-server.ts'
import type { KillPoint, Phase, Signal } from '../kill/run-signals.ts'
import type { CommerceTarget, CommerceTargets, Rows } from './commerce-targets.ts'
import { goodsFile } from './goods-file.ts'
import type { Edition } from './goods-file.ts'

/** What is left when all is over: the same, however often the server was killed. `counts`: of each entity, as the last line has them. */
export type End = RunEnd & { rows: Rows; counts: unknown }

/**
 * Runs the same import from 1C again and again, each time into a database of its own, and kills the server in the middle of it. `first`: into an empty database;
 * `changed`: into one that has the first edition.
 */
export class KillCommerceRun {
  readonly #targets: CommerceTargets
  readonly #server: KilledServer
  readonly #before: Sent | null
  readonly #sent: Sent

  private constructor(edition: Edition, targets: CommerceTargets, server: KilledServer) {
    this.#targets = targets
    this.#server = server
    this.#before = edition === 'first' ? null : sentOf('first')
    this.#sent = sentOf(edition)
  }

  static async open(edition: Edition, targets: CommerceTargets): Promise<KillCommerceRun> {
    return new KillCommerceRun(edition, targets, await KilledServer.start(targets.env))
  }

  async close(): Promise<void> {
    await this.#server.close()
  }

  async undisturbed(): Promise<{ end: End; trace: Signal[] }> {
    const { target, id } = await this.#make()
    const { importId, signals } = await this.#server.watched(this.#sent, id, target)
    await signals.ended()
    const end = await this.#end(importId, target)
    signals.close()
    return { end, trace: signals.seen }
  }

  /** `phase` is where the run was in when the server was killed, as far as could be seen. */
  async killedAt(point: KillPoint): Promise<{ end: End; attempts: number; phase: Phase }> {
    const { target, id } = await this.#make()
    const run = await this.#server.watched(this.#sent, id, target)
    const phase = await this.#server.killAt(point, run)
    await this.#server.startAgain()
    const { attempt: attempts } = await this.#server.ended(run.importId)
    return { end: await this.#end(run.importId, target), attempts, phase }
  }

  async #make(): Promise<{ target: CommerceTarget; id: string }> {
    const target = await this.#targets.create()
    const id = await this.#server.add(target)
    if (this.#before) await this.#server.ended((await this.#server.send(this.#before, id)).import.id)
    return { target, id }
  }

  async #end(importId: string, target: CommerceTarget): Promise<End> {
    const { end, events } = await this.#server.end(importId, target)
    const counts = events.findLast(({ message }) => message?.startsWith('Done: '))?.data
    return { ...end, rows: await target.rows(), counts }
  }
}

function sentOf(edition: Edition): Sent {
  return { content: goodsFile(edition), start: { kind: 'commerce', name: 'goods.xml', options: { types: [...commerceTypes] } } }
}
