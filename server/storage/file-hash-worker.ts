import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { FileHash } from './hash-file.ts'
import type { FromFileHashWorker, ToFileHashWorker } from './file-hashes.ts'

/** Small enough to be in the processor's own memory from the reading to the hashing. */
const pieceBytes = 512 * 1024

/** The body of a thread that hashes files: one after the other, by calls that wait, since nothing else runs here. */
function serve(port: MessagePort): void {
  const piece = Buffer.allocUnsafeSlow(pieceBytes)
  port.on('message', ({ file, stop }: ToFileHashWorker) => {
    try {
      port.postMessage({ found: hashFile(file, piece, new Int32Array(stop)) } satisfies FromFileHashWorker)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      port.postMessage({ failure: { code, message } } satisfies FromFileHashWorker)
    }
  })
}

function hashFile(file: string, piece: Buffer, stop: Int32Array): FileHash {
  const handle = openSync(file, 'r')
  try {
    const hash = createHash('sha256')
    let size = 0
    while (Atomics.load(stop, 0) === 0) {
      const read = readSync(handle, piece, 0, piece.length, size)
      if (read === 0) return { sha256: hash.digest('hex'), size }
      hash.update(read === piece.length ? piece : piece.subarray(0, read))
      size += read
    }
    throw new Error('stopped')
  } finally {
    closeSync(handle)
  }
}

if (!parentPort) throw new Error('file-hash-worker.ts runs as a worker thread')
serve(parentPort)
