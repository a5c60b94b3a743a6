import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import type { Readable, TransformCallback } from 'node:stream'
import { AppError } from '../errors.ts'
import { readStored, storagePath } from '../storage/storage.ts'
import type { JobFile } from './importer.ts'
import type { ThreadInput } from './thread-protocol.ts'

/** The files of a run as an importer sees them: only whole ones are read to their end without an error. */
export function jobFiles(input: ThreadInput): JobFile[] {
  return input.files.map((file) => {
    let verified = false
    return {
      name: file.name,
      size: file.size,
      sha256: file.sha256,
      path: storagePath(input.storageRoot, file.key),
      open: (): Readable => {
        const stored = readStored(input.storageRoot, file.key)
        if (verified) return stored
        const check = new Verify(file, () => {
          verified = true
        })
        stored.on('error', (cause) => check.destroy(gone(file.name, cause)))
        check.on('close', () => stored.destroy())
        return stored.pipe(check)
      },
    }
  })
}

function gone(name: string, cause: NodeJS.ErrnoException): Error {
  return cause.code === 'ENOENT' ? new AppError('upload_gone', `${name} is no longer kept on the server. Upload it again.`, { cause }) : cause
}

class Verify extends Transform {
  readonly #file: ThreadInput['files'][number]
  readonly #verified: () => void
  readonly #hash = createHash('sha256')
  #size = 0

  constructor(file: ThreadInput['files'][number], verified: () => void) {
    super({ highWaterMark: 256 * 1024 })
    this.#file = file
    this.#verified = verified
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#hash.update(chunk)
    this.#size += chunk.length
    done(null, chunk)
  }

  override _flush(done: TransformCallback): void {
    const { name, size, sha256 } = this.#file
    if (this.#size === size && this.#hash.digest('hex') === sha256) {
      this.#verified()
      return done()
    }
    done(new AppError('file_damaged', `${name} is not what was received: it changed on the server's disk. Upload it again.`))
  }
}
