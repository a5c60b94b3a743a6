import type { TargetTransaction } from '../../../targets/target.ts'
import type { Naturals } from '../natural/naturals.ts'
import { shapeOf } from '../plan/draft.ts'
import type { Draft } from '../plan/draft.ts'
import { writeDrafts } from './batch-writer.ts'
import { emptyWaits, fillWaits, isFilled, rowText, unfilled } from './fill-waits.ts'

const leastWindow = 16
/** So often rows are written early for a draft that then waits all the same; after that, the rest of the chunk is written first. */
const mostFruitless = 32
const mostRounds = 8

/**
 * Writes the drafts of a chunk in the order of the file, as far as natural keys allow: a draft that refers to a row before it finds it there, and rows that
 * the database numbers get their numbers in that order. Answers those that refer to rows which are not there yet.
 */
export async function writeInOrder(tx: TargetTransaction, drafts: Draft[], naturals: Naturals): Promise<Draft[]> {
  if (drafts.every((draft) => draft.waits === null)) {
    await writeDrafts(tx, drafts, naturals)
    return []
  }
  // What a former try found may have been undone with it.
  emptyWaits(drafts)
  let waiting = await new OrderedWrite(tx, drafts, naturals).run()
  for (let round = 0; round < mostRounds && waiting.length > 0; round += 1) {
    const left = await writeReady(tx, waiting, naturals)
    if (left.length === waiting.length) return left
    waiting = left
  }
  return waiting
}

/** Writes what can be written by now, whatever its order. */
async function writeReady(tx: TargetTransaction, drafts: Draft[], naturals: Naturals): Promise<Draft[]> {
  await fillWaits(tx, drafts)
  const held = new Set<string>()
  const waiting: Draft[] = []
  const ready: Draft[] = []
  for (const draft of drafts) {
    const row = rowText(draft)
    if (isFilled(draft) && !(row !== null && held.has(row))) ready.push(draft)
    else {
      waiting.push(draft)
      if (row !== null) held.add(row)
    }
  }
  await writeDrafts(tx, ready, naturals)
  return waiting
}

class OrderedWrite {
  readonly #tx: TargetTransaction
  readonly #drafts: Draft[]
  readonly #naturals: Naturals
  readonly #waiting: Draft[] = []
  /** The rows that waiting drafts will write: a later draft of the same row waits with them, else the earlier one had the last word. */
  readonly #held = new Set<string>()
  #ready: Draft[] = []
  /** Tables of `#ready`. */
  #tables = new Set<string>()
  /** Natural keys before this index were looked for since the last write. */
  #tried = 0
  #window: number
  #fruitless = 0

  constructor(tx: TargetTransaction, drafts: Draft[], naturals: Naturals) {
    this.#tx = tx
    this.#drafts = drafts
    this.#naturals = naturals
    this.#window = drafts.length
  }

  async run(): Promise<Draft[]> {
    for (const [at, draft] of this.#drafts.entries()) {
      if (draft.waits !== null && at >= this.#tried && !isFilled(draft)) await this.#try(at)
      if (!isFilled(draft) && this.#mayHelp(draft)) await this.#writeFor(at, draft)
      this.#sort(draft)
    }
    await this.#flush()
    return this.#waiting
  }

  #sort(draft: Draft): void {
    const row = this.#held.size > 0 || !isFilled(draft) ? rowText(draft) : null
    if (isFilled(draft) && !(row !== null && this.#held.has(row))) {
      this.#ready.push(draft)
      this.#tables.add(shapeOf(draft).table.name)
      return
    }
    this.#waiting.push(draft)
    if (row !== null) this.#held.add(row)
  }

  /** Whether rows that are ready but not written may be the ones that a draft refers to. */
  #mayHelp(draft: Draft): boolean {
    if (this.#ready.length === 0 || this.#fruitless >= mostFruitless) return false
    return unfilled(draft).some(({ finder }) => finder.tables().some((table) => this.#tables.has(table)))
  }

  async #writeFor(at: number, draft: Draft): Promise<void> {
    await this.#flush()
    await this.#try(at)
    if (!isFilled(draft)) this.#fruitless += 1
  }

  /** Looks ahead for as many drafts as it seems worth while: few where each refers to the one before it. */
  async #try(at: number): Promise<void> {
    const ahead = this.#drafts.slice(at, at + this.#window)
    await fillWaits(this.#tx, ahead)
    this.#tried = at + ahead.length
    this.#window = ahead.every(isFilled) ? Math.min(this.#window * 4, this.#drafts.length) : Math.max(leastWindow, this.#window >>> 1)
  }

  async #flush(): Promise<void> {
    await writeDrafts(this.#tx, this.#ready, this.#naturals)
    this.#ready = []
    this.#tables = new Set()
    this.#tried = 0
  }
}
