import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { StorageEngine } from 'multer'
import { AppError } from '../../errors.ts'
import type { Storage, StorageWriter } from '../../storage/storage.ts'

/** What is known of a file once it is received whole. `head` is its beginning, to look at what it is. */
export type ReceivedFile = { name: string; key: string; size: number; sha256: string; head: Uint8Array }

type Incoming = Express.Multer.File & { stream: Readable & { truncated?: boolean } }
type Done = (error: unknown, info?: Partial<Express.Multer.File>) => void

const headBytes = 4096

/**
 * Streams each file of a form to the storage, counting bytes and SHA-256 on the way. While one piece is being written, the next is hashed. A file that is
 * not received whole (the client went away, a limit was passed, the disk is full) leaves nothing behind.
 */
export class UploadEngine implements StorageEngine {
  readonly #storage: Storage
  readonly #maxBytes: number
  readonly #totals = new WeakMap<IncomingMessage, number>()

  constructor(storage: Storage, maxBytes: number) {
    this.#storage = storage
    this.#maxBytes = maxBytes
  }

  _handleFile(request: IncomingMessage, file: Express.Multer.File, done: Done): void {
    this.#receive(request, file as Incoming).then(
      (received) => done(null, { received } as Partial<Express.Multer.File>),
      (error: unknown) => done(error),
    )
  }

  _removeFile(_request: IncomingMessage, file: Express.Multer.File, done: (error: Error | null) => void): void {
    const received = receivedOf(file)
    if (!received) return done(null)
    this.#storage.remove(received.key).then(() => done(null), done)
  }

  async #receive(request: IncomingMessage, file: Incoming): Promise<ReceivedFile> {
    const { stream } = file
    // A request also closes when all of it was read; only one that closes before is cut off.
    const abandon = () => {
      if (!request.complete) stream.destroy(new AppError('upload_truncated', 'The upload was cut off before its end.'))
    }
    if (request.destroyed) abandon()
    request.once('close', abandon)
    let writer: StorageWriter | undefined
    try {
      writer = await this.#storage.create()
      const counted = await this.#pump(request, stream, writer)
      if (stream.truncated) throw tooLarge(this.#maxBytes)
      await writer.commit()
      return { name: safeName(file.originalname), key: writer.key, ...counted }
    } catch (thrown) {
      await writer?.discard()
      stream.resume()
      throw thrown
    } finally {
      request.off('close', abandon)
    }
  }

  async #pump(request: IncomingMessage, stream: Readable, writer: StorageWriter): Promise<Omit<ReceivedFile, 'name' | 'key'>> {
    const hash = createHash('sha256')
    let size = 0
    const head: Uint8Array[] = []
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (size < headBytes) head.push(Buffer.from(chunk.subarray(0, headBytes - size)))
      size += chunk.length
      this.#countTotal(request, chunk.length)
      const written = writer.write(chunk)
      hash.update(chunk)
      await written
    }
    return { size, sha256: hash.digest('hex'), head: Buffer.concat(head) }
  }

  #countTotal(request: IncomingMessage, bytes: number): void {
    const total = (this.#totals.get(request) ?? 0) + bytes
    this.#totals.set(request, total)
    if (total > this.#maxBytes) throw tooLarge(this.#maxBytes)
  }
}

/** What the engine noted of a file that multer handed on. */
export function receivedOf(file: Express.Multer.File): ReceivedFile | undefined {
  return (file as { received?: ReceivedFile }).received
}

export function tooLarge(maxBytes: number): AppError {
  const limitMb = Math.round(maxBytes / 1024 / 1024)
  return new AppError('upload_too_large', `This server takes uploads of up to ${limitMb} MB (setting MAX_UPLOAD_MB). Nothing was kept.`, {
    details: { limitMb },
  })
}

/** A file's name for people: its last part, without control characters, at most 255 characters. It is never used as a path. */
function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const shown = last
    .replace(/[\u0000-\u001F\u007F]/g, '\uFFFD')
    .slice(0, 255)
    .toWellFormed()
  return shown || 'file'
}
