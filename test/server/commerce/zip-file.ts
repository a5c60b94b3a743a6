import { crc32, deflateRawSync } from 'node:zlib'

/** A file in a zip, with what the zip shall say of it where that is not the truth. */
export type Packed = {
  name: string
  content: string | Uint8Array
  mode?: number
  flags?: number
  method?: number
  crc?: number
  size?: number
  packed?: Buffer
}

/** A zip as a program would write it, or with lies. */
export function zipOf(files: Packed[]): Buffer {
  const parts: Buffer[] = []
  const list: Buffer[] = []
  let at = 0
  for (const file of files) {
    const content = Buffer.from(file.content)
    const packed = file.packed ?? deflateRawSync(content)
    const name = Buffer.from(file.name)
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE((file.flags ?? 0) | 0x800, 2)
    facts.writeUInt16LE(file.method ?? 8, 4)
    facts.writeUInt32LE(file.crc ?? crc32(content), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(file.size ?? content.length, 18)
    facts.writeUInt16LE(name.length, 22)
    const head = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, name])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(((file.mode ?? 0o100644) << 16) >>> 0, 6)
    rest.writeUInt32LE(at, 10)
    list.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), facts, rest, name]))
    parts.push(head, packed)
    at += head.length + packed.length
  }
  const directory = Buffer.concat(list)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, directory, end])
}
