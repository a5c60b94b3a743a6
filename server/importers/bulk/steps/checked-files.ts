import { buffer } from 'node:stream/consumers'
import { toAppError } from '../../../errors.ts'
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
  /** By content, the place of the first file that has it. */
  readonly #first = new Map<string, number>()

  constructor(parts: Parts) {
    this.#parts = parts
    for (const [file, { sha256, size }] of parts.uploads.entries()) {
      const content = `${size} ${sha256}`
      if (!this.#first.has(content)) this.#first.set(content, file)
    }
  }

  /** Where a file lay in what was sent, with its name: for people. */
  pathOf(file: number): string {
    return this.#parts.files[file]?.path ?? ''
  }

  /** The earlier file of the run that has the same content, or null. */
  sameAs(file: number): string | null {
    const { size, sha256 } = this.#parts.uploads[file]!
    const first = this.#first.get(`${size} ${sha256}`)
    return first === undefined || first === file ? null : this.pathOf(first)
  }

  /** Whether a file is whole and what its name says. */
  async check(file: number): Promise<CheckedFile> {
    const checked = this.#checked.get(file) ?? this.#look(file)
    this.#checked.set(file, checked)
    const found = await checked
    // What may have changed meanwhile is looked at again.
    if (!found.ok && found.error.code === 'unavailable') this.#checked.delete(file)
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
