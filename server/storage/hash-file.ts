import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Hex SHA-256, and how many bytes it is of. */
export type FileHash = { sha256: string; size: number }

/** Hashes a file of this machine. `size`: how large it should be. Throws what reading throws, and the signal's reason. */
export type HashFile = (file: string, size: number, signal: AbortSignal) => Promise<FileHash>

const mostAtOnce = 256 * 1024

/** By this thread, for what is small. */
export const hashFileHere: HashFile = async (file, size, signal) =>
  await hashOf(createReadStream(file, { highWaterMark: Math.min(mostAtOnce, size + 1) }), signal)

/** Of all pieces together. Throws what they throw, and the signal's reason. */
export async function hashOf(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<FileHash> {
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of pieces) {
    signal.throwIfAborted()
    hash.update(piece)
    size += piece.length
  }
  return { sha256: hash.digest('hex'), size }
}
