import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { JobFile } from '../../../server/jobs/importer.ts'

/** A job file whose bytes come in chunks of the given size, from memory. */
export function jobFileOf(bytes: Uint8Array | string, options: { name?: string; chunk?: number } = {}): JobFile {
  const content = Buffer.from(bytes as Uint8Array)
  const chunk = options.chunk ?? 65536
  return {
    name: options.name ?? 'backup.json',
    path: options.name ?? 'backup.json',
    size: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    open: () =>
      Readable.from(
        slices(content, () => chunk),
        { objectMode: false },
      ),
    read: (start, end) =>
      Readable.from(
        slices(content.subarray(start, end), () => chunk),
        { objectMode: false },
      ),
  }
}

/** The same, with the chunk sizes given one by one; the last goes for the rest. */
export function jobFileInChunks(bytes: Uint8Array, sizes: number[]): JobFile {
  const content = Buffer.from(bytes)
  let index = 0
  const size = () => sizes[Math.min(index++, sizes.length - 1)] ?? content.length
  return { ...jobFileOf(content), open: () => Readable.from(slices(content, size)) }
}

function* slices(content: Buffer, size: () => number): Generator<Buffer> {
  for (let at = 0; at < content.length;) {
    const end = at + Math.max(1, size())
    yield content.subarray(at, end)
    at = end
  }
}

/** A job file with the name of a packed one. */
export const packedFileOf = (bytes: Uint8Array, name = 'backup.zip'): JobFile => jobFileOf(bytes, { name })

export function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/restore-read/${name}`, import.meta.url))
}

/** Everything that an iterable gives; nothing kept, only read, with `keep` false. */
export async function collect<T>(items: AsyncIterable<T>, keep = true): Promise<T[]> {
  const kept: T[] = []
  for await (const item of items) if (keep) kept.push(item)
  return kept
}
