import { toAppError } from '../../../errors.ts'
import type { DeliveryError, Stored } from '../../../jobs/delivery-book.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import { contentProblem } from './content-kinds.ts'

const headBytes = 4096

export type CheckedFile = { ok: true; upload: Stored } | { ok: false; error: DeliveryError }

/** The uploads of a run, each looked at once in an attempt, however many accounts it goes to. */
export class CheckedFiles {
  readonly #files: JobFile[]
  readonly #uploads: (Stored & { name: string })[]
  readonly #checked = new Map<number, Promise<CheckedFile>>()
  /** By content, the place of the first file that has it. */
  readonly #first = new Map<string, number>()

  constructor(files: JobFile[], uploads: (Stored & { name: string })[]) {
    this.#files = files
    this.#uploads = uploads
    for (const [file, { sha256, size }] of uploads.entries()) {
      const content = `${size} ${sha256}`
      if (!this.#first.has(content)) this.#first.set(content, file)
    }
  }

  nameOf(file: number): string {
    return this.#uploads[file]?.name ?? ''
  }

  /** The earlier file of the run that has the same content, or null. */
  sameAs(file: number): string | null {
    const { size, sha256 } = this.#uploads[file]!
    const first = this.#first.get(`${size} ${sha256}`)
    return first === undefined || first === file ? null : this.nameOf(first)
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
    const file = this.#files[place]!
    const { key, sha256, size } = this.#uploads[place]!
    const head: Buffer[] = []
    let read = 0
    try {
      for await (const piece of file.open() as AsyncIterable<Buffer>) {
        if (read < headBytes) head.push(piece.subarray(0, headBytes - read))
        read += piece.length
      }
    } catch (thrown) {
      const { code, message } = toAppError(thrown)
      if (code === 'internal') throw thrown
      return { ok: false, error: { code, message } }
    }
    const problem = contentProblem(file.name, Buffer.concat(head))
    return problem === null ? { ok: true, upload: { key, sha256, size } } : { ok: false, error: { code: 'file_unsupported', message: problem } }
  }
}
