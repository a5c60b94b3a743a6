import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { StorageEngine } from 'multer'
import { keepStream } from '../../storage/keep-stream.ts'
import type { KeepParts, KeptStream } from '../../storage/keep-stream.ts'
import { placeOf } from './file-names.ts'
import { Reception, tooLarge } from './reception.ts'

/**
 * A file that was received whole, by its name for people, and where it lay in the folder that was sent. `uploadsBefore`: how many uploads of before the form
 * named ahead of it.
 */
export type ReceivedFile = KeptStream & { name: string; relativePath: string | null; uploadsBefore: number }

export type UploadParts = KeepParts & { maxBytes: number }

type Done = (error: unknown, info?: Partial<Express.Multer.File>) => void

/** Streams each file of a form to the storage. A file that is not received whole (the client went away, a limit was passed, the disk is full) leaves nothing behind. */
export class UploadEngine implements StorageEngine {
  readonly #parts: UploadParts
  readonly #receptions = new WeakMap<IncomingMessage, Reception>()

  constructor(parts: UploadParts) {
    this.#parts = parts
  }

  /** What a request brings; the same for each of its files. */
  receptionOf(request: IncomingMessage): Reception {
    const reception = this.#receptions.get(request) ?? new Reception(this.#parts.storage, this.#parts.maxBytes)
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
    // Fields come in the order of the form: those that are there came before this file.
    const { upload } = (request as { body?: { upload?: unknown } }).body ?? {}
    const uploadsBefore = Array.isArray(upload) ? upload.length : upload === undefined ? 0 : 1
    const receive = async () => await this.#receive(reception, file.stream, { ...placeOf(file.originalname), uploadsBefore })
    const [taken] = await Promise.allSettled([reception.take(file.stream, receive)])
    if (taken.status === 'rejected') done(taken.reason)
    else done(null, { received: taken.value } as Partial<Express.Multer.File>)
  }

  async #receive(reception: Reception, stream: Readable, about: Omit<ReceivedFile, keyof KeptStream>): Promise<ReceivedFile> {
    // Multer notes the limit, and would wait for the end of the part.
    stream.once('limit', () => stream.destroy(tooLarge(this.#parts.maxBytes)))
    return { ...about, ...(await keepStream(this.#parts, stream, (bytes) => reception.count(bytes))) }
  }
}

/** What the engine noted of a file that multer handed on. */
export function receivedOf(file: Express.Multer.File): ReceivedFile | undefined {
  return (file as { received?: ReceivedFile }).received
}
