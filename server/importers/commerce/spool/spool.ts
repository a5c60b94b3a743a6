import { randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import { AppError } from '../../../errors.ts'
import { opened } from './pack.ts'
import type { Packed } from './pack.ts'

/** What some records of a document say to a step, packed. */
export type Piece = { type: CommerceType; records: number; bytes: Uint8Array }

type Kept = Omit<Piece, 'bytes'> & { document: string; at: number; length: number; bytes: Uint8Array | null }

/** Small exports, a packet of prices say, never come to the disk. */
const mostInMemory = 8 * 2 ** 20

/**
 * Keeps what the first reading made of the files until the steps take it, so that each file is read once. It lies in the system's folder for temporary files (`TMPDIR`),
 * in one that has lost its name as soon as it is open: whatever becomes of the process, its room is free when it ends. Throws `storage_full` when there is none.
 */
export class Spool {
  readonly #pieces: Kept[] = []
  #file: Promise<FileHandle> | null = null
  #held = 0
  #end = 0

  async add(document: string, { type, records, bytes }: Piece): Promise<void> {
    const { length } = bytes
    const kept: Kept = { document, type, records, at: this.#end, length, bytes: null }
    if (this.#held + length <= mostInMemory) {
      kept.bytes = bytes
      this.#held += length
    } else {
      this.#end += length
      await this.#write(bytes, kept.at)
    }
    this.#pieces.push(kept)
  }

  /** The pieces of a document for a step, in their order; without those of the first `skip` records. `skip` of a piece: how many of its own are among these. */
  async *pieces(document: string, type: CommerceType, skip: number): AsyncGenerator<{ packed: Packed; records: number; skip: number }> {
    let left = skip
    for (const piece of this.#pieces) {
      if (piece.document !== document || piece.type !== type) continue
      const { records } = piece
      if (left < records) yield { packed: opened(piece.bytes ?? (await this.#read(piece))), records, skip: left }
      left = Math.max(0, left - records)
    }
  }

  async close(): Promise<void> {
    this.#pieces.length = 0
    const file = await this.#file
    this.#file = null
    await file?.close()
  }

  async #write(bytes: Uint8Array, at: number): Promise<void> {
    try {
      const file = await (this.#file ??= openNameless())
      for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause
      const message = `The disk of the server is full: there is no room in ${tmpdir()} for what was read. Make room and start again.`
      throw new AppError('storage_full', message, { cause })
    }
  }

  async #read({ at, length }: Kept): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(length)
    const file = await this.#file
    let done = 0
    while (done < length) {
      const { bytesRead } = await file!.read(bytes, done, length - done, at + done)
      if (bytesRead === 0) throw new Error('the temporary file is shorter than what was written to it')
      done += bytesRead
    }
    return bytes
  }
}

async function openNameless(): Promise<FileHandle> {
  const name = path.join(tmpdir(), `intake-${randomUUID()}`)
  const file = await open(name, 'wx+', 0o600)
  await rm(name)
  return file
}
