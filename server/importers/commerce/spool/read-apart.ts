import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import { receivedError } from '../../../targets/apart/messages.ts'
import type { Document } from '../read/documents.ts'
import type { Listening, Spoken } from './read-spoken.ts'
import type { FromReading, ReadingInput, ToReading } from './reading-messages.ts'

/** Room for what is new and mostly gone soon, and for all: records have limits far below. */
const limits = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 512 }

/** As `readSpoken`, in a thread of its own, so that several documents are read at the same time. It reads no further than what it says is taken. */
export async function readApart(document: Document, signal: AbortSignal, listening: Listening): Promise<AsyncGenerator<Spoken> | { head: Buffer }> {
  const heard = hear(document, signal, listening)
  const { value: first } = await heard.next()
  if (first && 'pieces' in first) return spokenFrom(first, heard)
  await heard.return()
  return { head: first ? first.head : Buffer.alloc(0) }
}

type Heard = Spoken | { head: Buffer }

async function* spokenFrom(first: Spoken, rest: AsyncGenerator<Heard, void>): AsyncGenerator<Spoken> {
  try {
    yield first
    for await (const spoken of rest) if ('pieces' in spoken) yield spoken
  } finally {
    await rest.return()
  }
}

async function* hear(document: Document, signal: AbortSignal, listening: Listening): AsyncGenerator<Heard, void> {
  const { name, size, inZip } = document
  const workerData: ReadingInput = { document: { name, size, inZip }, listening }
  const thread = new Worker(new URL('./reading-thread.ts', import.meta.url), { workerData, resourceLimits: limits, name: 'reading' })
  const source = new Source(document)
  try {
    for await (const [message] of on(thread, 'message', { close: ['exit'] }) as AsyncIterable<[FromReading]>) {
      signal.throwIfAborted()
      if (message.type === 'end') return
      if (message.type === 'failed') throw receivedError(message.error)
      if (message.type === 'spoken') yield message.spoken
      else if (message.type === 'no xml') yield { head: Buffer.from(message.head) }
      else answer(thread, message.number, await source.next(message.again))
    }
    throw new Error(`the thread that read ${name} has ended before its time`)
  } finally {
    await thread.terminate()
    await source.close()
  }
}

/** The bytes go over as they are; what they were cut from stays here. */
function answer(thread: Worker, number: number, chunk: Buffer | null): void {
  const bytes = chunk && new Uint8Array(chunk)
  thread.postMessage({ number, bytes } satisfies ToReading, bytes ? [bytes.buffer] : [])
}

/** The bytes of a document, from the beginning as often as they are wanted. */
class Source {
  readonly #document: Document
  #chunks: AsyncIterator<Buffer> | null = null

  constructor(document: Document) {
    this.#document = document
  }

  async next(again: boolean): Promise<Buffer | null> {
    if (again) await this.close()
    this.#chunks ??= this.#document.open()[Symbol.asyncIterator]()
    const next = await this.#chunks.next()
    return next.done === true ? null : next.value
  }

  async close(): Promise<void> {
    const open = this.#chunks
    this.#chunks = null
    await open?.return?.()
  }
}
