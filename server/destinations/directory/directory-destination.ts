import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { FileWork } from '../../storage/file-work.ts'
import { WrittenFile } from '../../storage/written-file.ts'
import type { Content, Delivered, DeliveryOrder, Destination, ProbeAnswer, Transfer, Verified } from '../destination.ts'
import { codeOf, damaged, folderFailure, occupied } from '../failures.ts'
import { copyGone, measured, otherLength } from '../measured-content.ts'
import { requirePath, temporaryPath } from '../paths.ts'
import { probeByWriting } from '../probe.ts'
import { FolderSyncs } from './folder-syncs.ts'
import { leadsInto, requireInside } from './places.ts'

const where = 'The folder'
const copiedAtOnce = 64 * 1024 * 1024

/** A folder of this machine, or one that is mounted. */
export class DirectoryDestination implements Destination {
  readonly capabilities = { resumable: false, verifies: 'content', hidesUnfinished: true, keepsOthers: true } as const
  readonly #root: string
  readonly #place: string
  readonly #fileWork: FileWork
  readonly #syncs = new FolderSyncs()
  /** Where the root is, its links followed, once that was looked up. */
  #realRoot: string | null = null

  /** `root`: where files go, made when it is not there. `place`: the folder that it has to be in whatever links there are, which is there. */
  constructor(root: string, place: string, fileWork: FileWork) {
    this.#root = root
    this.#place = place
    this.#fileWork = fileWork
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    await probeByWriting(this, signal, async (file) => await rm(this.#pathOf(file), { force: true }))
    return { description: 'The folder can be written.' }
  }

  async deliver(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<Delivered> {
    const [final, temporary] = [this.#pathOf(order.path), this.#pathOf(temporaryPath(order.path, order.idempotencyKey))]
    return await translated(async () => {
      await this.#makeFolder(path.dirname(final))
      if (await this.#isThere(final, order, transfer)) return { outcome: 'already_there', resumedAt: 0 }
      await this.#write(temporary, content, order, transfer)
      if (await exists(final)) throw occupied(order.path)
      await rename(temporary, final)
      await this.#syncs.sync(path.dirname(final))
      return { outcome: 'delivered', resumedAt: 0 }
    })
  }

  async verify(order: DeliveryOrder, signal: AbortSignal): Promise<Verified> {
    const there = await translated(async () => await this.#holds(order, signal))
    if (!there) throw damaged(`What lies at ${order.path} is not what was delivered.`)
    return { compared: 'content' }
  }

  async withdraw({ path: final }: DeliveryOrder): Promise<void> {
    await translated(async () => await rm(this.#pathOf(final), { force: true }))
  }

  async abandon({ path: final, idempotencyKey }: DeliveryOrder): Promise<void> {
    await rm(this.#pathOf(temporaryPath(final, idempotencyKey)), { force: true }).catch(() => undefined)
  }

  async close(): Promise<void> {}

  #pathOf(file: string): string {
    return path.join(this.#root, ...requirePath(file))
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#realRoot !== null && (await leadsInto(folder, this.#realRoot))) return
    await requireInside(await nearest(folder), this.#place)
    await mkdir(folder, { recursive: true })
    await requireInside(folder, this.#root)
    this.#realRoot = await realpath(this.#root)
  }

  /** Whether a former try put the file there. Throws when another one is there. */
  async #isThere(file: string, order: DeliveryOrder, { signal }: Transfer): Promise<boolean> {
    if (!(await exists(file))) return false
    if (!(await this.#holds(order, signal))) throw occupied(order.path)
    return true
  }

  /** Whether the file is there, is no link, and is the one that was ordered. */
  async #holds(order: DeliveryOrder, signal: AbortSignal): Promise<boolean> {
    const file = this.#pathOf(order.path)
    try {
      return (await lstat(file)).isFile() && (await this.#fileWork.holds(file, order, signal))
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT') return false
      throw thrown
    }
  }

  /** What went wrong leaves nothing behind. */
  async #write(file: string, content: Content, order: DeliveryOrder, transfer: Transfer): Promise<void> {
    try {
      if (content.file !== undefined && order.size <= copiedAtOnce) await this.#copyWhole(content.file, file, order, transfer)
      else await writePieces(file, measured(content, 0, order, transfer))
    } catch (thrown) {
      await rm(file, { force: true })
      throw thrown
    }
  }

  /** A file of this machine, copied by whoever works on files, and several times as fast; it is not told how far that is. */
  async #copyWhole(from: string, to: string, { size, path: name }: DeliveryOrder, { signal, progress }: Transfer): Promise<void> {
    const copy = async () => await this.#fileWork.copy(from, to, signal)
    const copied = await copy().catch(async (thrown: unknown) => {
      if (codeOf(thrown) === 'ENOENT' && !(await exists(from))) throw copyGone(name, thrown)
      if (codeOf(thrown) !== 'EEXIST') throw thrown
      // What a former try left.
      await rm(to, { force: true })
      return await copy()
    })
    if (copied !== size) throw otherLength(name)
    signal.throwIfAborted()
    await makeSafe(to)
    progress(size)
  }
}

async function makeSafe(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** What a former try left goes first. */
async function writePieces(file: string, pieces: AsyncIterable<Buffer>): Promise<void> {
  await rm(file, { force: true })
  const written = new WrittenFile(await open(file, 'wx'))
  try {
    for await (const piece of pieces) await written.write([piece])
    await written.commit()
  } catch (thrown) {
    await written.close()
    throw thrown
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    throw folderFailure(thrown, where)
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file)
    return true
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return false
    throw thrown
  }
}

/** The folder itself, or the nearest above it that is there. */
async function nearest(folder: string): Promise<string> {
  return (await exists(folder)) || path.dirname(folder) === folder ? folder : await nearest(path.dirname(folder))
}
