import type { Edit, Source } from './edits.ts'

const mostBytes = 2 ** 32 - 1

/** A recording has a handful. */
const mostChunks = 1000

/**
 * A text at the end of a WAV file. Multimedia Programming Interface and Data Specifications 1.0, 2: a RIFF file is one chunk, whose length is that of the file
 * without its first eight bytes; a chunk `LIST` of type `INFO` holds texts that end with a null, each with an id. Ours is its own: programs show one comment, and the
 * last is not to hide the file's. Chunks have an even length. Not where lengths are not what they say: the text could be played as sound.
 */
export async function markWav(source: Source, text: string): Promise<Edit[] | null> {
  const { head, size } = source
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE') return null
  const length = head.readUInt32LE(4)
  if (length + 8 !== size || size % 2 !== 0 || !(await isAllChunks(source))) return null
  const info = Buffer.from(`${text}\0${text.length % 2 === 0 ? '\0' : ''}`, 'latin1')
  const put = chunk('LIST', Buffer.concat([Buffer.from('INFO'), chunk('IMRK', info)]))
  if (length + put.length > mostBytes) return null
  const grown = Buffer.alloc(4)
  grown.writeUInt32LE(length + put.length)
  return [
    { at: 4, drop: 4, put: grown },
    { at: size, drop: 0, put },
  ]
}

/** Whether the last chunk ends where the file does. */
async function isAllChunks({ head, size, read }: Source): Promise<boolean> {
  let at = 12
  for (let chunks = 0; at + 8 <= size && chunks < mostChunks; chunks++) {
    const start = at + 8 <= head.length ? head.subarray(at, at + 8) : await read(at, at + 8)
    const length = start.readUInt32LE(4)
    at += 8 + length + (length % 2)
  }
  return at === size
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(data.length)
  return Buffer.concat([Buffer.from(type, 'latin1'), length, data])
}
