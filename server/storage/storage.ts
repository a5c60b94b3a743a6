import type { Readable } from 'node:stream'
import { AppError } from '../errors.ts'

/**
 * A file being written; nobody sees it before `commit` resolves. `write` takes pieces that follow one another, has copied or stored them when it resolves,
 * and resolves when there is room for more; `commit` when the bytes are safe. `discard` removes all trace, also of what was committed; what can't be removed
 * now is left to `sweep`. `suspend` ends the writer so that `resume` goes on: when it resolves, all that was written is safe. After a failure `discard` or
 * `suspend` alone is called.
 */
export type StorageWriter = {
  readonly key: string
  write(pieces: Uint8Array[]): Promise<void>
  commit(): Promise<void>
  discard(): Promise<void>
  suspend(): Promise<void>
  /** Bytes of the file that `resume` finds whatever becomes of this process. Grows while it is written, megabytes at a time. */
  safe(): number
}

/** Bytes from `start`, without the one at `end`. */
export type ByteRange = { start: number; end: number }

/** A file as it is listed: when it was committed, in milliseconds since 1970 by the clock of the store. */
export type StoredFile = { key: string; modifiedAt: number }

/**
 * Where uploaded files lie, under names of our own making; the same for all processes that open one address. A key that is not of that form is refused as
 * `invalid_input`; a store that can't be reached or refuses us is `unavailable`, a full one `storage_full`.
 */
export type Storage = {
  /** `passing`: of what can be made again, and is looked at before it is used: a power cut may take or spoil it after all, and it costs no wait for the disk. */
  create(kind?: 'lasting' | 'passing'): Promise<StorageWriter>
  /**
   * Goes on with a file that `suspend`, or the end of its process, left unfinished: after so many bytes, which were safe. What lies behind them is dropped.
   * Throws `upload_gone` when they are not there. Whoever else still writes to the file may spoil it: one writer at a time.
   */
  resume(key: string, bytes: number): Promise<StorageWriter>
  /** Throws `upload_gone` when the file is not there. */
  size(key: string): Promise<number>
  /**
   * The bytes as a stream, which fails with `upload_gone` when the file is not there, and with another error rather than end short of what the file or the
   * range holds. Destroy it to stop early.
   */
  read(key: string, range?: ByteRange): Readable
  /** The path of a file that lies on a disk of this machine, to be read and never written; null for one that does not. */
  fileOf(key: string): string | null
  /** Makes another file of the same bytes within the store, under a key of its own: either can be removed without the other. It is a passing one. Throws `upload_gone`. */
  duplicate(key: string): Promise<string>
  /** A file that is not there counts as removed. */
  remove(key: string): Promise<void>
  /** The files that were committed, in no order. */
  list(): AsyncIterable<StoredFile>
  /** Removes what writers that began before the moment left behind without `commit` or `discard`, but for the keys to keep. Answers how much that was. */
  sweep(before: number, keep?: ReadonlySet<string>): Promise<number>
  /** Throws `unavailable` when files can't be stored now. */
  ping(): Promise<void>
  close(): Promise<void>
}

// The only form a key can have: what people call their files never reaches the file system.
const keyForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function isKey(name: string): boolean {
  return keyForm.test(name)
}

/** Throws when the key is not one of ours. */
export function requireKey(key: string): void {
  if (!isKey(key)) throw new AppError('invalid_input', 'That is not the key of a stored file.')
}

export function uploadGone(cause: unknown): AppError {
  return new AppError('upload_gone', 'The uploaded file is no longer kept. Upload it again.', { cause })
}

export function cutShort(): AppError {
  return new AppError('file_damaged', 'The stored file is shorter than it was. Upload it again.')
}
