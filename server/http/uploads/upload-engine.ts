import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { StorageEngine } from 'multer'
import type { HashThread, StreamHash } from '../../storage/hash-thread.ts'
import type { Storage, StorageWriter } from '../../storage/storage.ts'
import { GatheredPieces } from './gathered-pieces.ts'
import { Reception, tooLarge } from './reception.ts'

/** What is known of a file once it is received whole. `head` is its beginning, to look at what it is. */
export type ReceivedFile = { name: string; key: string; size: number; sha256: string; head: Uint8Array }

export type UploadParts = { storage: Storage; hashing: HashThread; maxBytes: number }

type Done = (error: unknown, info?: Partial<Express.Multer.File>) => void

const headBytes = 4096

/** Bytes that are written at a time, and how many may wait in memory while the disk works on those before. */
const batchBytes = { atLeast: 512 * 1024, atMost: 1024 * 1024 }

/**
 * Streams each file of a form to the storage, counting bytes and SHA-256 on the way: while some pieces are written, they are hashed, and the next ones
 * come in. A file that is not received whole (the client went away, a limit was passed, the disk is full) leaves nothing behind.
 */
export class UploadEngine implements StorageEngine {
  readonly #storage: Storage
  readonly #hashing: HashThread
  readonly #maxBytes: number
  readonly #receptions = new WeakMap<IncomingMessage, Reception>()

  constructor({ storage, hashing, maxBytes }: UploadParts) {
    this.#storage = storage
    this.#hashing = hashing
    this.#maxBytes = maxBytes
  }

  /** What a request brings; the same for each of its files. */
  receptionOf(request: IncomingMessage): Reception {
    const reception = this.#receptions.get(request) ?? new Reception(this.#storage, this.#maxBytes)
    this.#receptions.set(request, reception)
    return reception
  }

  _handleFile(request: IncomingMessage, file: Express.Multer.File, done: Done): void {
    void this.#handle(request, file, done)
  }

  /** The reception removes what it took, whatever multer knows of it. */
  _removeFile(_request: IncomingMessage, _file: Express.Multer.File, done: (error: Error | null) => void): void {
    done(null)
  }

  async #handle(request: IncomingMessage, file: Express.Multer.File, done: Done): Promise<void> {
    const reception = this.receptionOf(request)
    const receive = async () => await this.#receive(reception, file.stream, safeName(file.originalname))
    const [taken] = await Promise.allSettled([reception.take(file.stream, receive)])
    if (taken.status === 'rejected') done(taken.reason)
    else done(null, { received: taken.value } as Partial<Express.Multer.File>)
  }

  async #receive(reception: Reception, stream: Readable, name: string): Promise<ReceivedFile> {
    const pieces = new GatheredPieces(stream, batchBytes)
    // Multer notes the limit, and would wait for the end of the part.
    stream.once('limit', () => stream.destroy(tooLarge(this.#maxBytes)))
    const writer = await this.#storage.create()
    try {
      const counted = await this.#pump(reception, pieces, writer)
      await writer.commit()
      return { name, key: writer.key, ...counted }
    } catch (thrown) {
      await writer.discard()
      throw thrown
    }
  }

  async #pump(reception: Reception, pieces: GatheredPieces, writer: StorageWriter): Promise<Omit<ReceivedFile, 'name' | 'key'>> {
    const head: Uint8Array[] = []
    let size = 0
    let hash: StreamHash | undefined
    try {
      for await (const batch of pieces) {
        for (const piece of batch) {
          if (size < headBytes) head.push(Buffer.from(piece.subarray(0, headBytes - size)))
          size += piece.length
          reception.count(piece.length)
        }
        await writer.write(batch)
        hash ??= pieces.ended ? hashHere() : this.#hashing.open()
        await hash.update(batch)
      }
      hash ??= hashHere()
      return { size, sha256: await hash.digest(), head: Buffer.concat(head) }
    } catch (thrown) {
      hash?.discard()
      throw thrown
    }
  }
}

/** For what is small: no thread is worth its while. */
function hashHere(): StreamHash {
  const hash = createHash('sha256')
  return {
    update: async (pieces) => {
      for (const piece of pieces) hash.update(piece)
    },
    digest: async () => hash.digest('hex'),
    discard: () => undefined,
  }
}

/** What the engine noted of a file that multer handed on. */
export function receivedOf(file: Express.Multer.File): ReceivedFile | undefined {
  return (file as { received?: ReceivedFile }).received
}

/** A file's name for people: its last part, without control characters, at most 255 characters. It is never used as a path. */
function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  const shown = last
    .replace(/\p{Cc}/gu, '\uFFFD')
    .slice(0, 255)
    .toWellFormed()
  return shown || 'file'
}
