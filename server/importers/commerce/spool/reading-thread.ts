import { parentPort, workerData } from 'node:worker_threads'
import { sentError } from '../../../targets/apart/messages.ts'
import type { Document } from '../read/documents.ts'
import { readSpoken } from './read-spoken.ts'
import type { FromReading, ReadingInput, ToReading } from './reading-messages.ts'

/** The body of a thread that reads one document. It has the bytes from the one that started it, who alone knows where they lie, and tells what they say. */
const port = parentPort
if (!port) throw new Error('reading-thread.ts runs as a worker thread')

const { document, listening } = workerData as ReadingInput
const asked = { number: 0, answer: Promise.withResolvers<Uint8Array | null>() }
port.on('message', ({ number, bytes }: ToReading) => {
  // What was asked for before a new beginning is of no use.
  if (number === asked.number) asked.answer.resolve(bytes)
})

function tell(message: FromReading): void {
  const buffers = message.type === 'spoken' ? message.spoken.pieces.map(({ bytes }) => bytes.buffer as ArrayBuffer) : []
  port!.postMessage(message, buffers)
}

/** Asks for the bytes that come next, or for the first ones. */
async function ask(again: boolean): Promise<Uint8Array | null> {
  asked.number += 1
  asked.answer = Promise.withResolvers()
  tell({ type: 'ask', number: asked.number, again })
  return await asked.answer.promise
}

async function* chunks(): AsyncGenerator<Buffer> {
  let next = ask(true)
  for (;;) {
    const bytes = await next
    if (bytes === null) return
    // They are read from the disk while these are looked at.
    next = ask(false)
    yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

async function read(): Promise<void> {
  const here: Document = { ...document, open: chunks }
  const spoken = await readSpoken(here, new AbortController().signal, listening)
  if ('head' in spoken) return tell({ type: 'no xml', head: spoken.head })
  for await (const piece of spoken) tell({ type: 'spoken', spoken: piece })
  tell({ type: 'end' })
}

await read().catch((thrown: unknown) => tell({ type: 'failed', error: sentError(thrown) }))
port.close()
