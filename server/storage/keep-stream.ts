import type { Readable } from 'node:stream'
import { hashHere } from './hash-thread.ts'
import type { HashThread, StreamHash } from './hash-thread.ts'
import type { Storage, StorageWriter } from './storage.ts'
import { GatheredPieces } from './gathered-pieces.ts'

/** What is known of a stream that was kept whole. `head` is its beginning, to look at what it is. */
export type KeptStream = { key: string; size: number; sha256: string; head: Uint8Array }

export type KeepParts = { storage: Storage; hashing: HashThread }

const headBytes = 4096

/** Bytes that are written at a time, and how many may wait in memory while the disk works on those before. */
const batchBytes = { atLeast: 512 * 1024, atMost: 1024 * 1024 }

/**
 * Streams to the storage, counting bytes and SHA-256 on the way: while some pieces are written, they are hashed, and the next ones come in. `count` hears of
 * each piece, and stops everything by a throw. What does not come whole leaves nothing behind.
 */
export async function keepStream({ storage, hashing }: KeepParts, stream: Readable, count: (bytes: number) => void): Promise<KeptStream> {
  const pieces = new GatheredPieces(stream, batchBytes)
  const writer = await storage.create()
  try {
    const counted = await pump(hashing, pieces, writer, count)
    await writer.commit()
    return { key: writer.key, ...counted }
  } catch (thrown) {
    await writer.discard()
    throw thrown
  }
}

async function pump(
  hashing: HashThread,
  pieces: GatheredPieces,
  writer: StorageWriter,
  count: (bytes: number) => void,
): Promise<Omit<KeptStream, 'key'>> {
  const head: Uint8Array[] = []
  let size = 0
  let hash: StreamHash | undefined
  try {
    for await (const batch of pieces) {
      for (const piece of batch) {
        if (size < headBytes) head.push(Buffer.from(piece.subarray(0, headBytes - size)))
        size += piece.length
        count(piece.length)
      }
      await writer.write(batch)
      hash ??= pieces.ended ? hashHere() : hashing.open()
      await hash.update(batch)
    }
    hash ??= hashHere()
    return { size, sha256: await hash.digest(), head: Buffer.concat(head) }
  } catch (thrown) {
    hash?.discard()
    throw thrown
  }
}
