import { Readable } from 'node:stream'
import { RandomAccessReader } from 'yauzl'
import type { JobFile } from '../jobs/importer.ts'

export type ZipBytes = Pick<JobFile, 'size' | 'read'>

/** A directory is read a few bytes at a time, which a store across the network answers slowly: so many are asked for at once. */
const windowBytes = 128 * 1024

/** What the zip library reads by: stretches of a stored file. Short ones come from a window that is kept, long ones as they are streamed. */
export function zipReader({ size, read }: ZipBytes): RandomAccessReader {
  let window = { start: 0, bytes: Buffer.alloc(0) }

  async function* short(start: number, end: number): AsyncGenerator<Buffer> {
    if (start < window.start || end > window.start + window.bytes.length) {
      const pieces = (await read(start, Math.min(size, start + windowBytes)).toArray()) as Buffer[]
      window = { start, bytes: Buffer.concat(pieces) }
    }
    yield window.bytes.subarray(start - window.start, end - window.start)
  }

  const reader = new (RandomAccessReader as unknown as new () => RandomAccessReader)()
  reader._readStreamForRange = (start, end) =>
    end - start > windowBytes ? read(start, end) : Readable.from(short(start, end), { objectMode: false })
  return reader
}
