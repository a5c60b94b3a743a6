/** How far the files of a start are. Bytes; `files` in the order of the form. */
export type UploadProgress = { sent: number; total: number; files: { name: string; size: number; sent: number }[] }

/** Adds up what is sent of each file, whichever way it goes. */
export class ProgressSum {
  readonly #files: readonly File[]
  readonly #sent: Map<File, number>
  readonly #tell: (progress: UploadProgress, jumped: boolean) => void

  constructor(files: readonly File[], tell: (progress: UploadProgress, jumped: boolean) => void) {
    this.#files = files
    this.#sent = new Map(files.map((file) => [file, 0]))
    this.#tell = tell
  }

  /** So much of a file has gone. `jumped`: without having been sent now. */
  set(file: File, sent: number, jumped = false): void {
    this.#sent.set(file, Math.min(sent, file.size))
    this.#publish(jumped)
  }

  /** So much of a form with these files has gone: they are in it one after the other. */
  setForm(files: readonly File[], share: number): void {
    let left = share * files.reduce((sum, file) => sum + file.size, 0)
    for (const file of files) {
      this.#sent.set(file, Math.min(Math.max(left, 0), file.size))
      left -= file.size
    }
    this.#publish(false)
  }

  #publish(jumped: boolean): void {
    const files = this.#files.map((file) => ({ name: file.name, size: file.size, sent: this.#sent.get(file) ?? 0 }))
    const sum = (of: 'size' | 'sent') => files.reduce((all, file) => all + file[of], 0)
    this.#tell({ sent: sum('sent'), total: sum('size'), files }, jumped)
  }
}
