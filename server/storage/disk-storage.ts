import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, constants, copyFile, link, mkdir, open, opendir, rename, rm, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import { cutShort, isKey, requireKey, uploadGone } from './storage.ts'
import type { ByteRange, Storage, StorageWriter, StoredFile } from './storage.ts'
import { WrittenFile } from './written-file.ts'

/** How the name of a file ends that is still being written. */
const unfinished = '.part'

const highWaterMark = 256 * 1024

/** Files in a folder. Several machines may share it when it lies on a file system that they all mount. */
export class DiskStorage implements Storage {
  readonly #root: string
  readonly #writing = new Set<WrittenFile>()

  private constructor(root: string) {
    this.#root = root
  }

  static async open(root: string): Promise<DiskStorage> {
    await mkdir(root, { recursive: true, mode: 0o700 })
    return new DiskStorage(root)
  }

  async create(kind: 'lasting' | 'passing' = 'lasting'): Promise<StorageWriter> {
    const key = randomUUID()
    return this.#writerOf(key, new WrittenFile(await translate(open(this.#partOf(key), 'wx', 0o600)), { syncs: kind === 'lasting' }))
  }

  async resume(key: string, bytes: number): Promise<StorageWriter> {
    const file = await translate(open(this.#partOf(key), 'r+'))
    try {
      if ((await file.stat()).size < bytes) throw uploadGone(null)
      await file.truncate(bytes)
      return this.#writerOf(key, new WrittenFile(file, { at: bytes }))
    } catch (thrown) {
      await file.close()
      throw thrown
    }
  }

  async size(key: string): Promise<number> {
    return (await translate(stat(this.#pathOf(key)))).size
  }

  read(key: string, range?: ByteRange): Readable {
    const file = this.#pathOf(key)
    return Readable.from(range ? readRange(file, range) : readWhole(file), { objectMode: false, highWaterMark })
  }

  fileOf(key: string): string {
    return this.#pathOf(key)
  }

  /** No stored file is ever changed: another name for the same bytes is as good as a copy, and costs nothing. Some file systems have none. */
  async duplicate(source: string): Promise<string> {
    const key = randomUUID()
    const linked = await link(this.#pathOf(source), this.#pathOf(key)).then(
      () => true,
      () => false,
    )
    if (!linked) await this.#copy(source, key)
    return key
  }

  async remove(key: string): Promise<void> {
    try {
      await unlink(this.#pathOf(key))
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    }
  }

  async *list(): AsyncIterable<StoredFile> {
    for await (const { name } of await opendir(this.#root)) {
      const modifiedAt = isKey(name) ? await this.#modifiedAt(name) : null
      if (modifiedAt !== null) yield { key: name, modifiedAt }
    }
  }

  async sweep(before: number, keep: ReadonlySet<string> = new Set()): Promise<number> {
    let removed = 0
    for await (const { name } of await opendir(this.#root)) {
      const key = name.slice(0, -unfinished.length)
      if (!name.endsWith(unfinished) || !isKey(key) || keep.has(key)) continue
      const modifiedAt = await this.#modifiedAt(name)
      if (modifiedAt === null || modifiedAt >= before) continue
      await rm(path.join(this.#root, name), { force: true })
      removed += 1
    }
    return removed
  }

  async ping(): Promise<void> {
    try {
      await access(this.#root, constants.R_OK | constants.W_OK)
    } catch (cause) {
      throw new AppError('unavailable', 'The folder for uploads can’t be written. Look at DATA_DIR and who owns it.', { cause })
    }
  }

  /** What is still being written stays, for the sweep. */
  async close(): Promise<void> {
    await Promise.all([...this.#writing].map(async (written) => await written.close()))
  }

  #writerOf(key: string, written: WrittenFile): StorageWriter {
    const part = this.#partOf(key)
    this.#writing.add(written)
    const finish = async () => {
      await translate(written.commit())
      this.#writing.delete(written)
    }
    return {
      key,
      write: async (pieces) => await translate(written.write(pieces)),
      commit: async () => {
        await finish()
        await translate(rename(part, this.#pathOf(key)))
        if (written.syncs) await translate(syncFolder(this.#root))
      },
      suspend: finish,
      safe: () => written.safe,
      discard: async () => {
        await written.close()
        this.#writing.delete(written)
        await rm(part, { force: true })
        await this.remove(key)
      },
    }
  }

  async #copy(source: string, key: string): Promise<void> {
    const part = this.#partOf(key)
    try {
      await copyFile(this.#pathOf(source), part, constants.COPYFILE_FICLONE)
      await rename(part, this.#pathOf(key))
    } catch (thrown) {
      await rm(part, { force: true })
      throw translated(thrown)
    }
  }

  #partOf(key: string): string {
    return this.#pathOf(key) + unfinished
  }

  #pathOf(key: string): string {
    requireKey(key)
    return path.join(this.#root, key)
  }

  /** Null when the file went while the folder was read. */
  async #modifiedAt(name: string): Promise<number | null> {
    try {
      // Not the time of its bytes, which a duplicate shares with its source.
      return (await stat(path.join(this.#root, name))).ctimeMs
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw thrown
    }
  }
}

async function* readWhole(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file, { highWaterMark }) as AsyncIterable<Buffer>
  } catch (thrown) {
    throw translated(thrown)
  }
}

async function* readRange(file: string, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  let left = end - start
  try {
    if (left > 0) {
      for await (const piece of createReadStream(file, { start, end: end - 1, highWaterMark }) as AsyncIterable<Buffer>) {
        left -= piece.length
        yield piece
      }
    }
  } catch (thrown) {
    throw translated(thrown)
  }
  if (left > 0) throw cutShort()
}

/** Makes a new name in a folder safe. Windows opens no folders, and needs none of it. */
async function syncFolder(folder: string): Promise<void> {
  if (path.sep !== '\\') await syncFile(folder)
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function translate<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    throw translated(thrown)
  }
}

function translated(thrown: unknown): unknown {
  const code = (thrown as NodeJS.ErrnoException).code ?? ''
  if (code === 'ENOENT') return uploadGone(thrown)
  if (/^(ENOSPC|EDQUOT)$/.test(code)) return new AppError('storage_full', 'The disk for uploads is full. Nothing was started.', { cause: thrown })
  if (!/^(EIO|EROFS|ESTALE|ENXIO|ENODEV|EMFILE|ENFILE)$/.test(code)) return thrown
  return new AppError('unavailable', `The disk for uploads can’t be read or written now (${code}). Nothing was started.`, { cause: thrown })
}
