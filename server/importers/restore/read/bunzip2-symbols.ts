import type { PackedInput } from './packed-input.ts'
import { PackingError, endsInTheMiddle } from './packing-error.ts'

const maxCodeLength = 20
const lookupBits = 10

/** A Huffman tree: `lookup` answers codes of up to 10 bits at once (symbol << 5 | length), the others are found by length. */
type Tree = { lookup: Uint16Array; limit: Int32Array; offset: Int32Array; symbols: Uint16Array; shortest: number }

/** The tables of one block. `counts` is filled while its symbols are decoded: how often each byte is in it. */
export type Trees = { trees: Tree[]; selectors: Uint8Array; bytes: Uint8Array; counts: Uint32Array }

export function readTrees(input: PackedInput): Trees {
  const bytes = readUsedBytes(input)
  const count = input.read(3)
  const selectorCount = input.read(15)
  if (bytes.length === 0 || count < 2 || count > 6 || selectorCount === 0) throw broken()
  const selectors = readSelectors(input, count, selectorCount)
  const trees: Tree[] = []
  for (let i = 0; i < count; i++) trees.push(readTree(input, bytes.length + 2))
  return { trees, selectors, bytes, counts: new Uint32Array(256) }
}

/** Which byte values are in the block: a map of 16 groups, then a map for each group that is used. */
function readUsedBytes(input: PackedInput): Uint8Array {
  const groups = input.read(16)
  const used: number[] = []
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >>> group)) === 0) continue
    const map = input.read(16)
    for (let bit = 0; bit < 16; bit++) if ((map & (0x8000 >>> bit)) !== 0) used.push(group * 16 + bit)
  }
  return Uint8Array.from(used)
}

/** Which tree serves each 50 symbols, coded as moves to the front. */
function readSelectors(input: PackedInput, treeCount: number, count: number): Uint8Array {
  const order = Array.from({ length: treeCount }, (_, index) => index)
  const selectors = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    let index = 0
    while (input.read(1) === 1) if (++index >= treeCount) throw broken()
    const [tree] = order.splice(index, 1)
    order.unshift(tree!)
    selectors[i] = tree!
  }
  return selectors
}

function readTree(input: PackedInput, symbolCount: number): Tree {
  const lengths = new Uint8Array(symbolCount)
  let length = input.read(5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    while (input.read(1) === 1) length += input.read(1) === 0 ? 1 : -1
    if (length < 1 || length > maxCodeLength) throw broken()
    lengths[symbol] = length
  }
  return buildTree(lengths)
}

function buildTree(lengths: Uint8Array): Tree {
  const symbols = Uint16Array.from(lengths.keys()).toSorted((a, b) => lengths[a]! - lengths[b]! || a - b)
  const limit = new Int32Array(maxCodeLength + 2).fill(-1)
  const offset = new Int32Array(maxCodeLength + 2)
  const lookup = new Uint16Array(1 << lookupBits)
  let code = 0
  let index = 0
  for (let length = 1; length <= maxCodeLength; length++) {
    offset[length] = index - code
    for (; index < symbols.length && lengths[symbols[index]!] === length; index++, code++) {
      if (length > lookupBits) continue
      const from = code << (lookupBits - length)
      lookup.fill((symbols[index]! << 5) | length, from, from + (1 << (lookupBits - length)))
    }
    if (code > 1 << length) throw broken()
    limit[length] = code - 1
    code <<= 1
  }
  return { lookup, limit, offset, symbols, shortest: lengths[symbols[0]!]! }
}

/** Decodes the block's symbols (Huffman, runs, move to front) into the low bytes of `block`; returns how many bytes there are. */
export function decodeSymbols(input: PackedInput, { trees, selectors, bytes, counts }: Trees, block: Uint32Array): number {
  const order = Uint8Array.from(bytes)
  const endSymbol = bytes.length + 1
  let length = 0
  let runLength = 0
  let runWeight = 1
  for (let group = 0; group < selectors.length; group++) {
    const tree = trees[selectors[group]!]!
    for (let i = 0; i < 50; i++) {
      const symbol = readSymbol(input, tree)
      if (symbol < 2) {
        // A run's length is written in bijective base 2: RUNA is digit 1, RUNB digit 2, the lowest first.
        runLength += runWeight << symbol
        runWeight <<= 1
        if (runLength > block.length) throw broken()
        continue
      }
      if (runLength > 0) {
        if (length + runLength > block.length) throw broken()
        const byte = order[0]!
        block.fill(byte, length, length + runLength)
        counts[byte] = counts[byte]! + runLength
        length += runLength
        runLength = 0
        runWeight = 1
      }
      if (symbol === endSymbol) return length
      if (length >= block.length) throw broken()
      const byte = moveToFront(order, symbol - 1)
      counts[byte] = counts[byte]! + 1
      block[length++] = byte
    }
  }
  throw broken()
}

function moveToFront(order: Uint8Array, index: number): number {
  const byte = order[index]!
  if (index > 32) order.copyWithin(1, 0, index)
  else for (let i = index; i > 0; i--) order[i] = order[i - 1]!
  order[0] = byte
  return byte
}

function readSymbol(input: PackedInput, tree: Tree): number {
  while (input.held < maxCodeLength && input.at < input.bytes.length) {
    input.window = (input.window << 8) | input.bytes[input.at++]!
    input.held += 8
  }
  const { held, window } = input
  if (held >= lookupBits) {
    const found = tree.lookup[(window >>> (held - lookupBits)) & ((1 << lookupBits) - 1)]!
    if (found !== 0) {
      input.held = held - (found & 31)
      return found >>> 5
    }
  }
  for (let length = tree.shortest; length <= maxCodeLength && length <= held; length++) {
    const code = (window >>> (held - length)) & ((1 << length) - 1)
    if (code <= tree.limit[length]!) {
      input.held = held - length
      const symbol = tree.symbols[code + tree.offset[length]!]
      if (symbol === undefined) throw broken()
      return symbol
    }
  }
  throw held < maxCodeLength ? new PackingError('damaged', endsInTheMiddle) : broken()
}

function broken(): PackingError {
  return new PackingError('damaged', 'the bzip2 data are broken')
}
