import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import xz from 'xz-decompress'
import { PackingError, endsInTheMiddle } from './packing-error.ts'

/** Return codes of xz-embedded (`enum xz_ret`), which the library puts at the end of its message. Any other is broken data. */
const reasons: Record<string, [PackingError['kind'], string]> = {
  3: ['limit', 'unpacking it would take more memory than there is'],
  4: ['limit', 'unpacking it would take a dictionary of more than 64 MiB'],
  5: ['damaged', 'bytes that are not xz data stand where xz data should'],
  6: ['unsupported', 'it uses a filter or a checksum of xz that is not read here; pack it again with plain "xz"'],
  8: ['damaged', endsInTheMiddle],
}

/**
 * Unpacks xz, also several streams one after the other, with CRC-32 and CRC-64 checked (xz-embedded as WebAssembly: 95 MB/s).
 * The library does one stream at a time in a thread; a second waits for the first to end, so an iteration must be ended or broken off.
 */
export async function* unxz(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = Readable.from(packed, { objectMode: false })
  let sourceError: Error | null = null
  source.once('error', (error) => {
    sourceError = error
  })
  const output = new xz.XzReadableStream(Readable.toWeb(source) as ReadableStream<Uint8Array>)
  try {
    for await (const chunk of output as ReadableStream<Uint8Array>)
      if (chunk.length > 0) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
  } catch (error) {
    throw sourceError ?? translate(error)
  } finally {
    source.destroy()
  }
}

function translate(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = /error code (\d+)$/.exec(error.message)?.[1]
  if (code === undefined) return error
  return new PackingError(...(reasons[code] ?? (['damaged', 'the xz data are broken'] as const)))
}
