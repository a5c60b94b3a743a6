import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { FromHashWorker, ToHashWorker } from './hash-thread.ts'

/** The body of the hashing thread: one SHA-256 for each id, until its end is asked for. */
function serve(port: MessagePort): void {
  const hashes = new Map<number, Hash>()
  port.on('message', ({ id, pieces, last }: ToHashWorker) => {
    const hash = hashes.get(id) ?? createHash('sha256')
    for (const piece of pieces) {
      hash.update(piece)
      // Gives the memory back at once: left to the garbage collector, a hundred megabytes pile up here.
      piece.buffer.transfer(0)
    }
    if (last) hashes.delete(id)
    else hashes.set(id, hash)
    port.postMessage({ id, ...(last === 'digest' && { sha256: hash.digest('hex') }) } satisfies FromHashWorker)
  })
}

if (!parentPort) throw new Error('hash-worker.ts runs as a worker thread')
serve(parentPort)
