import type { Readable } from 'node:stream'
import { GatheredPieces } from '../../storage/gathered-pieces.ts'
import type { Piece } from '../../storage/gathered-pieces.ts'
import type { StreamHash } from '../../storage/hash-thread.ts'
import type { StorageWriter } from '../../storage/storage.ts'

/** Bytes that are written at a time, and how many may wait in memory while the disk works on those before. */
const batchBytes = { atLeast: 512 * 1024, atMost: 1024 * 1024 }

type AppendParts = {
  writer: StorageWriter
  /** Hears of all that was written. */
  hash: StreamHash | null
  /** Bytes that still fit. What is more is not written, and fails as `tooMuch`. */
  room: number
  tooMuch: () => Error
  /** Called between batches; a throw ends it. */
  wrote: () => void
}

/** How many bytes were written, how many of them hashed, and what ended it, if not the end of the stream. */
export type Appended = { bytes: number; hashed: number; failure: unknown }

/** Writes a stream at the end of a file, also what came of one that breaks off. While some pieces are written, they are hashed and the next ones come in. Never rejects. */
export async function appendStream(stream: Readable, { writer, hash, room, tooMuch, wrote }: AppendParts): Promise<Appended> {
  // Its end was told before anybody listened.
  if (stream.destroyed) return { bytes: 0, hashed: 0, failure: new Error('the stream was closed before its end') }
  let bytes = 0
  let hashed = 0
  try {
    for await (const batch of new GatheredPieces(stream, batchBytes)) {
      const length = lengthOf(batch)
      if (bytes + length > room) throw tooMuch()
      await writer.write(batch)
      bytes += length
      await hash?.update(batch)
      hashed += length
      wrote()
    }
    return { bytes, hashed, failure: null }
  } catch (failure) {
    return { bytes, hashed, failure }
  }
}

function lengthOf(batch: Piece[]): number {
  return batch.reduce((sum, piece) => sum + piece.length, 0)
}
