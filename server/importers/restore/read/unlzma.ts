import { LzmaDecoder } from './lzma-decoder.ts'
import { PackedInput } from './packed-input.ts'
import { PackingError, endsInTheMiddle } from './packing-error.ts'

/** The dictionary of `xz -9`. It is memory that a file asks for, so there is a limit. */
const maxDictionary = 64 << 20
const headerBytes = 13
/** No symbol takes up more packed bytes. */
const symbolBytes = 32

/**
 * Unpacks the `.lzma` format ("LZMA alone"): a header of 13 bytes, then one LZMA stream. It has no checksum. Ours, because no library for Node unpacks
 * it as a stream without native code.
 */
export async function* unlzma(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = packed[Symbol.asyncIterator]()
  const input = new PackedInput(source)
  try {
    const decoder = await readHeader(input)
    for (;;) {
      await input.fill(symbolBytes)
      const ended = input.bytes.length - input.at < symbolBytes
      const done = decoder.run(input, ended ? Infinity : input.bytes.length - symbolBytes)
      yield* decoder.takeOutput()
      if (done) break
    }
    await input.fill(1)
    if (!input.empty) throw new PackingError('damaged', 'other bytes stand after the end of the lzma data')
  } finally {
    await source.return?.()
  }
}

async function readHeader(input: PackedInput): Promise<LzmaDecoder> {
  await input.fill(headerBytes + 5)
  const { bytes } = input
  if (bytes.length < headerBytes + 5) throw new PackingError('damaged', endsInTheMiddle)
  const properties = bytes[0]!
  const dictionary = bytes.readUInt32LE(1)
  const size = bytes.readBigUInt64LE(5)
  if (properties >= 9 * 5 * 5) throw new PackingError('damaged', 'the header of the lzma data is broken')
  const known = size === 0xffff_ffff_ffff_ffffn ? null : Number(size)
  const window = Math.max(4096, known === null ? dictionary : Math.min(dictionary, known))
  if (window > maxDictionary) throw new PackingError('limit', 'unpacking it would take a dictionary of more than 64 MiB')
  input.at = headerBytes
  return new LzmaDecoder(input, { lc: properties % 9, lp: Math.floor(properties / 9) % 5, pb: Math.floor(properties / 45), window, size: known })
}
