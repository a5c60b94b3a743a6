import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import { WrittenFile } from './written-file.ts'

/** A file being written. `write` takes pieces that follow one another, and resolves when there is room for more; `commit` when the bytes are safe on disk; `discard` removes all trace. */
export type StorageWriter = {
  readonly key: string
  write(pieces: Uint8Array[]): Promise<void>
  commit(): Promise<void>
  discard(): Promise<void>
}

/** Where uploaded files lie, under names of our own making. */
export type Storage = {
  create(): Promise<StorageWriter>
  /** Throws `upload_gone` when the file is not there. */
  size(key: string): Promise<number>
  /** An absolute path for readers that need one. */
  pathOf(key: string): string
  remove(key: string): Promise<void>
  keys(): Promise<string[]>
}

// The only form a key can have: what people call their files never reaches the file system.
const keyForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export class DiskStorage implements Storage {
  /** The folder, for readers in another thread. */
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  static async open(root: string): Promise<DiskStorage> {
    await mkdir(root, { recursive: true, mode: 0o700 })
    return new DiskStorage(root)
  }

  async create(): Promise<StorageWriter> {
    const key = randomUUID()
    const file = await translate(open(this.pathOf(key), 'wx', 0o600))
    const written = new WrittenFile(file)
    return {
      key,
      write: async (pieces) => await translate(written.write(pieces)),
      commit: async () => await translate(written.commit()),
      discard: async () => {
        await written.close()
        await this.remove(key)
      },
    }
  }

  async size(key: string): Promise<number> {
    try {
      return (await stat(this.pathOf(key))).size
    } catch (cause) {
      throw new AppError('upload_gone', 'The uploaded file is no longer kept. Upload it again.', { cause })
    }
  }

  pathOf(key: string): string {
    return storagePath(this.root, key)
  }

  async remove(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true })
  }

  async keys(): Promise<string[]> {
    return (await readdir(this.root)).filter((name) => keyForm.test(name))
  }
}

/** The path of a key under a storage's root. Throws when the key is not one of ours. */
export function storagePath(root: string, key: string): string {
  if (!keyForm.test(key)) throw new AppError('invalid_input', 'That is not the key of a stored file.')
  return path.join(root, key)
}

/** Reads a stored file as a stream, in pieces of 256 KiB. */
export function readStored(root: string, key: string): Readable {
  return createReadStream(storagePath(root, key), { highWaterMark: 256 * 1024 })
}

async function translate<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new AppError('storage_full', 'The disk for uploads is full. Nothing was started.', { cause })
    throw cause
  }
}
