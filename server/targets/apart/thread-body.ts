import { parentPort, workerData } from 'node:worker_threads'
import { openTarget } from '../registry.ts'
import type { Table, Target, TargetAddress, TargetTransaction, WriteBatch } from '../target.ts'
import { sentError } from './messages.ts'
import type { Answer, Brought, Call, Question, SentTable } from './messages.ts'
import { Savepoints } from './savepoints.ts'

/** The body of a thread in which a target works: one call after the other, as they come. */
const port = parentPort
if (!port) throw new Error('thread-body.ts runs as a worker thread')

const { address } = workerData as { address: TargetAddress }

/** The target of this thread and what is open of it. */
class TargetHere {
  readonly #tables = new Map<number, Table>()
  readonly #savepoints = new Savepoints()
  readonly #brought = new Map<number, WriteBatch[]>()
  #target: Target | null = null
  #transaction: TargetTransaction | null = null
  #last: Promise<void> = Promise.resolve()

  receive(message: Question | Brought): void {
    if ('batches' in message) {
      this.#brought.set(message.number, this.#withTable(message.batches) as WriteBatch[])
      return
    }
    const { id, call } = message
    // A table comes with the first message that speaks of it.
    const known = 'args' in call ? { ...call, args: call.args.map((arg) => this.#withTable(arg)) } : call
    this.#last = this.#last.then(async () => await this.#answer(id, known))
  }

  async #answer(id: number, call: Call): Promise<void> {
    const answer = await this.#do(call).then(
      (value): Answer => ({ id, value }),
      (thrown: unknown): Answer => ({ id, error: sentError(thrown) }),
    )
    port!.postMessage(answer)
    if (call.of === 'target' && call.name === 'close') port!.close()
  }

  async #do(call: Call): Promise<unknown> {
    this.#target ??= await openTarget(address)
    if (call.of === 'thread') return this.#target.capabilities
    if (call.of === 'savepoint') return await this.#savepoints[call.name](this.#transaction!)
    if (call.of === 'batches') return await this.#writeBrought(call.number)
    const { args } = call
    if (call.of === 'target' && call.name === 'begin') {
      this.#transaction = await this.#target.begin(...(args as Parameters<Target['begin']>))
      return this.#savepoints.forget()
    }
    const on = (call.of === 'target' ? this.#target : this.#transaction) as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>
    return await on[call.name]!(...args)
  }

  async #writeBrought(number: number): Promise<void> {
    const batches = this.#brought.get(number)
    this.#brought.delete(number)
    await this.#transaction!.writeAll(batches!)
  }

  /** A batch or a look-up, or several, with the table in place of its number. */
  #withTable(arg: unknown): unknown {
    if (Array.isArray(arg)) return arg.map((one) => this.#withTable(one))
    if (typeof arg !== 'object' || arg === null || !('sent' in arg)) return arg
    const { sent, ...rest } = arg as { sent: SentTable }
    if (sent.table) this.#tables.set(sent.number, sent.table)
    return { ...rest, table: this.#tables.get(sent.number) }
  }
}

const here = new TargetHere()
port.on('message', (message: Question | Brought) => here.receive(message))
