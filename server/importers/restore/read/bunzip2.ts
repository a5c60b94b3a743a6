import { PackedInput } from './packed-input.ts'
import { decodeSymbols, readTrees } from './bunzip2-symbols.ts'
import { PackingError } from './packing-error.ts'

/** More than a block of level 1 can take up packed: 100,000 symbols of 20 bits, and its tables. */
const blockBytesPerLevel = 260_000
const tableBytes = 60_000
const pieceBytes = 1 << 17

/**
 * Unpacks bzip2, also several streams one after the other, and checks every checksum. Output comes in small pieces, so that a block which unfolds
 * to 45 MB does not stand in memory. (Libraries: unbzip2-stream reads a third as fast, builds each block byte by byte in an array, and its errors say nothing.)
 */
export async function* bunzip2(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const source = packed[Symbol.asyncIterator]()
  const input = new PackedInput(source)
  try {
    await input.fill(4)
    while (!input.empty) {
      yield* unpackStream(input)
      await input.fill(4)
    }
  } finally {
    await source.return?.()
  }
}

async function* unpackStream(input: PackedInput): AsyncGenerator<Buffer> {
  const level = readLevel(input)
  const block = new Uint32Array(level * 100_000)
  let combined = 0
  for (;;) {
    await input.fill(level * blockBytesPerLevel + tableBytes)
    const magic = [input.read(24), input.read(24)]
    const checksum = input.read32()
    if (magic[0] === 0x177245 && magic[1] === 0x385090) {
      if (checksum !== combined >>> 0) throw checksumError()
      input.align()
      return
    }
    if (magic[0] !== 0x314159 || magic[1] !== 0x265359)
      throw new PackingError('damaged', 'the bzip2 data are broken: a block does not begin where it should')
    const found = yield* unpackBlock(input, block)
    if (found !== checksum) throw checksumError()
    combined = ((combined << 1) | (combined >>> 31)) ^ checksum
  }
}

function readLevel(input: PackedInput): number {
  const magic = input.read(24)
  const level = input.read(8) - 0x30
  if (magic !== 0x425a68 || level < 1 || level > 9)
    throw new PackingError('damaged', 'bytes that are not bzip2 data stand after the end of the bzip2 data')
  return level
}

/** Gives out the block's content and returns its checksum. */
function* unpackBlock(input: PackedInput, block: Uint32Array): Generator<Buffer, number> {
  if (input.read(1) === 1) throw new PackingError('unsupported', 'it uses randomised bzip2 blocks, which no program has written since 1998')
  const origin = input.read(24)
  const trees = readTrees(input)
  const length = decodeSymbols(input, trees, block)
  if (origin >= length) throw new PackingError('damaged', 'the bzip2 data are broken: a block points outside of itself')
  chainBytes(block, length, trees.counts)
  return yield* unfold(block, length, origin)
}

/** The inverse Burrows-Wheeler transform: puts into the upper 24 bits of each entry the position of the byte that follows. */
function chainBytes(block: Uint32Array, length: number, counts: Uint32Array): void {
  let sum = 0
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte]!
    counts[byte] = sum
    sum += count
  }
  for (let i = 0; i < length; i++) {
    const byte = block[i]! & 0xff
    const place = counts[byte]!
    counts[byte] = place + 1
    block[place] = block[place]! | (i << 8)
  }
}

/** Walks the chain and undoes the first run-length coding: four equal bytes are followed by how often the byte comes again. */
function* unfold(block: Uint32Array, length: number, origin: number): Generator<Buffer, number> {
  let position = block[origin]! >>> 8
  let checksum = -1
  let run = 0
  let last = -1
  let piece = Buffer.allocUnsafe(pieceBytes)
  let at = 0
  for (let left = length; left > 0; left--) {
    const entry = block[position]!
    position = entry >>> 8
    const byte = entry & 0xff
    if (run === 4) {
      piece.fill(last, at, at + byte)
      at += byte
      run = 0
      last = -1
    } else {
      run = byte === last ? run + 1 : 1
      last = byte
      piece[at++] = byte
    }
    if (at > pieceBytes - 256) {
      checksum = addToChecksum(checksum, piece, at)
      yield piece.subarray(0, at)
      piece = Buffer.allocUnsafe(pieceBytes)
      at = 0
    }
  }
  if (at > 0) yield piece.subarray(0, at)
  return ~addToChecksum(checksum, piece, at) >>> 0
}

// CRC-32 with the polynomial 04C11DB7, highest bit first: not the one of zlib.
const checksumTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24
  for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1
  return value
})

function addToChecksum(checksum: number, bytes: Buffer, length: number): number {
  let value = checksum
  for (let i = 0; i < length; i++) value = (value << 8) ^ checksumTable[((value >>> 24) ^ bytes[i]!) & 0xff]!
  return value
}

function checksumError(): PackingError {
  return new PackingError('damaged', 'a checksum in the bzip2 data does not match')
}
