import type { Edit, Source } from './edits.ts'

const mostBytes = 2 ** 32 - 1

/**
 * A comment at the end of a WAV file. Multimedia Programming Interface and Data Specifications 1.0, 2: a RIFF file is one chunk, whose length is that of the file
 * without its first eight bytes; a chunk `LIST` of type `INFO` may hold `ICMT`, a text that ends with a null. Chunks have an even length. Not where the length is not that of the file.
 */
export async function markWav({ head, size }: Source, text: string): Promise<Edit[] | null> {
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null
  const length = head.readUInt32LE(4)
  if (length + 8 !== size || size % 2 !== 0) return null
  const comment = Buffer.from(`${text}\0${text.length % 2 === 0 ? '\0' : ''}`, 'latin1')
  const put = chunk('LIST', Buffer.concat([Buffer.from('INFO'), chunk('ICMT', comment)]))
  if (length + put.length > mostBytes) return null
  const grown = Buffer.alloc(4)
  grown.writeUInt32LE(length + put.length)
  return [
    { at: 4, drop: 4, put: grown },
    { at: size, drop: 0, put },
  ]
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(data.length)
  return Buffer.concat([Buffer.from(type, 'latin1'), length, data])
}
