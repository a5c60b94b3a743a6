import type { Readable } from 'node:stream'
import type { Upload } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'
import type { UploadHold, UploadHolds } from '../../sessions/uploads/upload-holds.ts'
import type { Uploads } from '../../sessions/uploads/uploads.ts'
import type { HashThread, StreamHash } from '../../storage/hash-thread.ts'
import type { Storage, StorageWriter } from '../../storage/storage.ts'
import { appendStream } from './append-stream.ts'
import { RunningHashes } from './running-hashes.ts'

export type ReceiverParts = { storage: Storage; hashing: HashThread; uploads: Uploads; holds: UploadHolds }

/** So much may have to be sent again after the server was killed. */
const noteEvery = 16 * 1024 * 1024
/** A connection that was given up may still have bytes to read; one that is silent is not waited for. */
const graceMs = 250
/** Somebody else counts the hash of a large file. */
const hashWaitMs = 600_000

/** Receives uploads piece by piece. What is noted in an upload's row lies safe in the storage; its file is whole when its SHA-256 is noted too. */
export class UploadReceiver {
  readonly #storage: Storage
  readonly #hashing: HashThread
  readonly #uploads: Uploads
  readonly #holds: UploadHolds
  readonly #hashes: RunningHashes

  constructor({ storage, hashing, uploads, holds }: ReceiverParts) {
    this.#storage = storage
    this.#hashing = hashing
    this.#uploads = uploads
    this.#holds = holds
    this.#hashes = new RunningHashes(hashing)
  }

  /** How far an upload is, once nobody works on it any more. */
  async received(id: string): Promise<Upload> {
    const hold = await this.#holds.take(id, () => undefined)
    await hold.release()
    return hold.upload
  }

  /**
   * Goes on with an upload at `offset`; answers how far it is. Throws `conflict` when it is elsewhere, `upload_too_large` for more than was announced (what
   * fits is kept), `file_damaged` when the whole is not what its sender said, `upload_truncated` when the stream breaks off (what came is kept).
   */
  async receive(id: string, stream: Readable, offset: number): Promise<number> {
    const hold = await this.#holds.take(id, () => void setTimeout(() => stream.destroy(), graceMs).unref())
    try {
      if (hold.upload.received !== offset) throw elsewhere(hold.upload.received)
      return await this.#append(hold, stream)
    } finally {
      await hold.release()
    }
  }

  /** The upload with its SHA-256, counted now if a server died before it was. Throws `conflict` while bytes are missing. */
  async whole(upload: Upload): Promise<Upload> {
    if (upload.received < upload.size)
      throw new AppError('conflict', `“${upload.name}” has not arrived whole yet.`, { details: { upload: upload.id } })
    if (upload.sha256) return upload
    const hold = await this.#holds.take(upload.id, () => undefined, hashWaitMs)
    try {
      if (!hold.upload.sha256) await this.#finish(hold.upload, null)
      return hold.upload
    } finally {
      await hold.release()
    }
  }

  /** Throws `in_use` when a run has taken it. */
  async remove(id: string, stop: () => void = () => undefined): Promise<void> {
    const hold = await this.#holds.take(id, stop)
    try {
      await this.#uploads.forget(hold.upload)
      await this.#removeFile(hold.upload)
    } finally {
      await hold.release()
    }
  }

  async #append(hold: UploadHold, stream: Readable): Promise<number> {
    const { upload } = hold
    if (upload.received === upload.size && upload.key) return upload.size
    const writer = await this.#writer(upload)
    const hash = this.#hashes.take(upload.id, upload.received)
    const room = upload.size - upload.received
    const notes = this.#notes(upload, writer, stream)
    const { bytes, hashed, failure } = await appendStream(stream, { writer, hash, room, tooMuch, wrote: notes.wrote })
    await notes.settled()
    const at = upload.received + bytes
    const usable = hashed === bytes ? hash : null
    if (usable === null) hash?.discard()
    if (at === upload.size) {
      await writer.commit()
      await this.#finish(upload, usable)
    } else {
      await this.#suspend(upload, writer, at)
      if (usable) this.#hashes.keep(upload.id, at, usable)
    }
    if (failure !== null) throw told(failure, stream)
    return at
  }

  /** The writer that goes on with the upload. When its bytes are gone, so is the upload: its sender begins anew. */
  async #writer(upload: Upload): Promise<StorageWriter> {
    if (!upload.key) {
      const writer = await this.#storage.create()
      upload.key = writer.key
      await this.#note(upload, { key: writer.key })
      return writer
    }
    try {
      return await this.#storage.resume(upload.key, upload.received)
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'upload_gone') throw thrown
      if (await this.#wasCommitted(upload, upload.key)) throw elsewhere(upload.size)
      await this.#uploads.forget(upload)
      throw thrown
    }
  }

  /** A server may have died between the last byte and its note. */
  async #wasCommitted(upload: Upload, key: string): Promise<boolean> {
    const size = await this.#storage.size(key).catch(() => null)
    if (size !== upload.size) return false
    await this.#note(upload, { received: size })
    return true
  }

  /** Notes now and then how far it is, beside the stream, one note after the other; ends the stream when somebody else goes on with the upload. */
  #notes(upload: Upload, writer: StorageWriter, stream: Readable): { wrote: () => void; settled: () => Promise<void> } {
    let noted = upload.received
    let last: Promise<unknown> = Promise.resolve()
    const wrote = () => {
      const safe = writer.safe()
      // The last byte is noted when the file is there under its own name.
      if (safe - noted < noteEvery || safe === upload.size) return
      noted = safe
      const refused = (error: unknown) => void stream.destroy(error as Error)
      last = last.then(async () => await this.#note(upload, { received: safe })).catch(refused)
    }
    return { wrote, settled: async () => void (await last) }
  }

  async #suspend(upload: Upload, writer: StorageWriter, at: number): Promise<void> {
    // In a store, the bytes after the last whole part take the place of those that were there at the note before.
    if (writer.safe() > upload.received) await this.#note(upload, { received: writer.safe() })
    await writer.suspend()
    await this.#note(upload, { received: at })
  }

  async #finish(upload: Upload, hash: StreamHash | null): Promise<void> {
    await this.#note(upload, { received: upload.size })
    upload.received = upload.size
    const sha256 = hash ? await hash.digest() : await this.#hashOf(upload)
    if (upload.expectedSha256 && sha256 !== upload.expectedSha256) {
      await this.#uploads.forget(upload)
      await this.#removeFile(upload)
      throw new AppError('file_damaged', `What arrived of “${upload.name}” is not what was sent: its SHA-256 differs. Send it again.`, {
        status: 460,
      })
    }
    await this.#note(upload, { sha256 })
    upload.sha256 = sha256
  }

  async #hashOf({ key }: Upload): Promise<string> {
    const hash = this.#hashing.open()
    try {
      for await (const piece of this.#storage.read(key ?? '')) await hash.update([piece as Uint8Array<ArrayBuffer>])
      return await hash.digest()
    } catch (thrown) {
      hash.discard()
      throw thrown
    }
  }

  async #note(upload: Upload, what: Parameters<Uploads['note']>[1]): Promise<void> {
    if (!(await this.#uploads.note(upload, what))) throw new AppError('in_use', 'Another request goes on with this upload.', { status: 423 })
  }

  async #removeFile({ id, key, received, size }: Upload): Promise<void> {
    this.#hashes.drop(id)
    if (!key) return
    if (received === size) return await this.#storage.remove(key)
    // What is not there, or can't be removed now, the sweep looks after.
    const left = await this.#storage.resume(key, 0).catch(() => null)
    await left?.discard()
  }
}

function elsewhere(received: number): AppError {
  return new AppError('conflict', `This upload goes on at byte ${received}.`, { details: { offset: received } })
}

function tooMuch(): AppError {
  return new AppError('upload_too_large', 'More came than was announced.')
}

function told(failure: unknown, { destroyed }: Readable): AppError {
  if (failure instanceof AppError) return failure
  if (destroyed) return new AppError('upload_truncated', 'The upload was cut off. Go on where it stands.', { cause: failure })
  return new AppError('internal', 'The server failed to keep this. Go on where the upload stands.', { cause: failure })
}
