import { buffer } from 'node:stream/consumers'
import { AppError, toAppError } from '../../../errors.ts'
import type { BulkPorts, DeliveryError, Stored } from '../../../jobs/delivery-book.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import { notReceived } from '../../../jobs/job-files.ts'
import type { FileThreads } from '../../../storage/file-threads.ts'
import { sameContent } from '../../../storage/file-work.ts'
import { uploadGone } from '../../../storage/storage.ts'
import { contentProblem } from './content-kinds.ts'

const headBytes = 4096

export type CheckedFile = { ok: true; upload: Stored } | { ok: false; error: DeliveryError }

type Parts = Pick<BulkPorts, 'uploads' | 'storage'> & { files: JobFile[]; fileWork: Pick<FileThreads, 'hash' | 'know'>; signal: AbortSignal }

/** The uploads of a run, each looked at once in an attempt, however many accounts it goes to. */
export class CheckedFiles {
  readonly #parts: Parts
  readonly #checked = new Map<number, Promise<CheckedFile>>()
  /** By content, the places of the files that have it, in their order. */
  readonly #places: Map<string, number[]>

  constructor(parts: Parts) {
    this.#parts = parts
    this.#places = Map.groupBy(parts.uploads.keys(), (file) => contentOf(parts.uploads[file]!))
  }

  /** Where a file lay in what was sent, with its name: for people. */
  pathOf(file: number): string {
    return this.#parts.files[file]?.path ?? ''
  }

  /** The earlier file of the run that has the same content and is delivered, or null: one that is refused for what it is called stands for no other. */
  async sameAs(file: number): Promise<string | null> {
    for (const earlier of this.#places.get(contentOf(this.#parts.uploads[file]!)) ?? []) {
      if (earlier >= file) break
      const checked = await this.check(earlier)
      if (checked.ok) return this.pathOf(earlier)
      if (mayChange(checked.error)) throw new AppError(checked.error.code, checked.error.message)
    }
    return null
  }

  /** Whether a file is whole and what its name says. */
  async check(file: number): Promise<CheckedFile> {
    const checked = this.#checked.get(file) ?? this.#look(file)
    this.#checked.set(file, checked)
    const found = await checked
    if (!found.ok && mayChange(found.error)) this.#checked.delete(file)
    return found
  }

  async #look(place: number): Promise<CheckedFile> {
    const { name } = this.#parts.files[place]!
    const { key, sha256, size } = this.#parts.uploads[place]!
    try {
      const problem = contentProblem(name, await this.#readWhole(place))
      return problem === null ? { ok: true, upload: { key, sha256, size } } : { ok: false, error: { code: 'file_unsupported', message: problem } }
    } catch (thrown) {
      const { code, message } = toAppError(thrown)
      if (code === 'internal') throw thrown
      return { ok: false, error: { code, message } }
    }
  }

  /** Its first bytes, after all of them were compared with what was received. */
  async #readWhole(place: number): Promise<Buffer> {
    const file = this.#parts.files[place]!
    const { key, size, sha256 } = this.#parts.uploads[place]!
    const { storage, fileWork, signal } = this.#parts
    const local = storage.fileOf(key)
    if (local === null) return await headOf(file.open() as AsyncIterable<Buffer>)
    const head = await buffer(file.read(0, Math.min(headBytes, size)))
    const found = await fileWork.hash(local, size, signal).catch((thrown: unknown) => {
      throw (thrown as NodeJS.ErrnoException).code === 'ENOENT' ? uploadGone(thrown) : thrown
    })
    if (!sameContent(found, { sha256, size })) throw notReceived(file.name)
    fileWork.know(local, found)
    return head
  }
}

const contentOf = ({ size, sha256 }: Stored): string => `${size} ${sha256}`

/** Whether a file that could not be looked at is to be looked at again. */
const mayChange = ({ code }: DeliveryError): boolean => code === 'unavailable'

/** Reads on to the end, where a file that is not what was received fails. */
async function headOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const head: Buffer[] = []
  let read = 0
  for await (const piece of pieces) {
    if (read < headBytes) head.push(piece.subarray(0, headBytes - read))
    read += piece.length
  }
  return Buffer.concat(head)
}
