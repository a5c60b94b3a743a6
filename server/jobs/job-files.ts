import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import type { ByteRange, Storage } from '../storage/storage.ts'
import type { JobFile } from './importer.ts'
import type { ThreadInput } from './thread-protocol.ts'

type Received = ThreadInput['files'][number]

/** The files of a run as an importer sees them: only whole ones are read to their end without an error. */
export function jobFiles(files: Received[], storage: Pick<Storage, 'read'>): JobFile[] {
  return files.map((file) => {
    const { name, key, size, sha256, relativePath = name } = file
    const stored = (range?: ByteRange) => translated(storage.read(key, range), name)
    let whole = false
    const isWhole = () => {
      whole = true
    }
    return {
      name,
      path: relativePath,
      size,
      sha256,
      open: () => Readable.from(whole ? stored() : checked(stored(), file, isWhole), { objectMode: false }),
      read: (start, end) => Readable.from(stored({ start, end }), { objectMode: false }),
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
    throw notReceived(file.name)
  }
  isWhole()
}

/** What is kept of a file is not what came. */
export function notReceived(name: string): AppError {
  return new AppError('file_damaged', `${name} is not what was received: it changed where it was kept. Upload it again.`)
}

async function* translated(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  try {
    yield* pieces
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'upload_gone') throw cause
    throw new AppError('upload_gone', `${name} is no longer kept on the server. Upload it again.`, { cause })
  }
}
