import { crc32 } from 'node:zlib'

export type ZipSource = { name: string; size: number; open(): AsyncIterable<Buffer> }
type Entry = { name: Buffer; size: number; crc: number; at: number }

// APPNOTE.TXT 4.4.4: bit 3, sizes and CRC follow the data; bit 11, the name is UTF-8.
const flags = 0x0808
const needsZip64 = 45
const largest32 = 0xffffffff

/**
 * Many files as one zip, nothing packed: what they hold is packed already. Sizes and checksums follow each file, so that nothing is read twice; every entry
 * bears the 64-bit fields, whatever its size (APPNOTE.TXT 4.3 and 4.5.3).
 */
export async function* storedZip(files: AsyncIterable<ZipSource> | Iterable<ZipSource>): AsyncGenerator<Buffer> {
  const entries: Entry[] = []
  let at = 0
  for await (const file of files) {
    const name = Buffer.from(file.name)
    const head = localHeader(name)
    yield head
    let crc = 0
    let size = 0
    for await (const piece of file.open()) {
      crc = crc32(piece, crc)
      size += piece.length
      yield piece
    }
    yield descriptor(crc, size)
    entries.push({ name, size, crc, at })
    at += head.length + size + 24
  }
  let length = 0
  for (const entry of entries) {
    const record = directoryRecord(entry)
    length += record.length
    yield record
  }
  yield ending(entries.length, length, at)
}

function localHeader(name: Buffer): Buffer {
  const head = Buffer.alloc(30 + 20)
  head.write('PK\x03\x04', 'latin1')
  head.writeUInt16LE(needsZip64, 4)
  head.writeUInt16LE(flags, 6)
  head.writeUInt32LE(largest32, 18)
  head.writeUInt32LE(largest32, 22)
  head.writeUInt16LE(name.length, 26)
  head.writeUInt16LE(20, 28)
  head.writeUInt16LE(1, 30)
  head.writeUInt16LE(16, 32)
  return Buffer.concat([head.subarray(0, 30), name, head.subarray(30)])
}

function descriptor(crc: number, size: number): Buffer {
  const end = Buffer.alloc(24)
  end.write('PK\x07\x08', 'latin1')
  end.writeUInt32LE(crc, 4)
  end.writeBigUInt64LE(BigInt(size), 8)
  end.writeBigUInt64LE(BigInt(size), 16)
  return end
}

function directoryRecord({ name, size, crc, at }: Entry): Buffer {
  const record = Buffer.alloc(46)
  record.write('PK\x01\x02', 'latin1')
  record.writeUInt16LE(needsZip64, 4)
  record.writeUInt16LE(needsZip64, 6)
  record.writeUInt16LE(flags, 8)
  record.writeUInt32LE(crc, 16)
  record.writeUInt32LE(largest32, 20)
  record.writeUInt32LE(largest32, 24)
  record.writeUInt16LE(name.length, 28)
  record.writeUInt16LE(28, 30)
  record.writeUInt32LE(largest32, 42)
  const extra = Buffer.alloc(28)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(24, 2)
  for (const [index, value] of [size, size, at].entries()) extra.writeBigUInt64LE(BigInt(value), 4 + index * 8)
  return Buffer.concat([record, name, extra])
}

function ending(count: number, length: number, at: number): Buffer {
  const end = Buffer.alloc(56 + 20 + 22)
  end.write('PK\x06\x06', 'latin1')
  end.writeBigUInt64LE(44n, 4)
  end.writeUInt16LE(needsZip64, 12)
  end.writeUInt16LE(needsZip64, 14)
  for (const [index, value] of [count, count, length, at].entries()) end.writeBigUInt64LE(BigInt(value), 24 + index * 8)
  end.write('PK\x06\x07', 56, 'latin1')
  end.writeBigUInt64LE(BigInt(at + length), 64)
  end.writeUInt32LE(1, 72)
  end.write('PK\x05\x06', 76, 'latin1')
  end.writeUInt16LE(0xffff, 84)
  end.writeUInt16LE(0xffff, 86)
  end.writeUInt32LE(largest32, 88)
  end.writeUInt32LE(largest32, 92)
  return end
}
