import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import { readStored, storagePath } from '../storage/storage.ts'
import type { JobFile } from './importer.ts'
import type { ThreadInput } from './thread-protocol.ts'

type Received = ThreadInput['files'][number]

/** The files of a run as an importer sees them: only whole ones are read to their end without an error. */
export function jobFiles(input: ThreadInput): JobFile[] {
  return input.files.map((file) => {
    let whole = false
    return {
      name: file.name,
      size: file.size,
      sha256: file.sha256,
      path: storagePath(input.storageRoot, file.key),
      open: (): Readable => {
        const stored = readStored(input.storageRoot, file.key)
        const pieces = whole
          ? stored
          : checked(stored, file, () => {
              whole = true
            })
        return Readable.from(translated(pieces, file.name), { objectMode: false })
      },
    }
  })
}

/** Counts on the way, and fails at the end when it is not what was received. */
async function* checked(stored: AsyncIterable<Buffer>, file: Received, isWhole: () => void): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of stored) {
    hash.update(piece)
    size += piece.length
    yield piece
  }
  if (size !== file.size || hash.digest('hex') !== file.sha256) {
    throw new AppError('file_damaged', `${file.name} is not what was received: it changed on the server's disk. Upload it again.`)
  }
  isWhole()
}

async function* translated(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new AppError('upload_gone', `${name} is no longer kept on the server. Upload it again.`, { cause })
  }
}
