/** Where the ids of uploads are kept that no run has taken yet. */
const place = 'intake.uploads'
const mostKept = 500

type Kept = [identity: string, uploadId: string][]

/** Remembers which upload a file was sent to, also after the page was left: the same file chosen again goes on there. */
export class UploadMemory {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'>

  constructor(storage: Pick<Storage, 'getItem' | 'setItem'>) {
    this.#storage = storage
  }

  find(file: File): string | undefined {
    return this.#read().find(([identity]) => identity === identityOf(file))?.[1]
  }

  keep(file: File, uploadId: string): void {
    this.#write([...this.#without(file), [identityOf(file), uploadId]])
  }

  forget(file: File): void {
    this.#write(this.#without(file))
  }

  #without(file: File): Kept {
    return this.#read().filter(([identity]) => identity !== identityOf(file))
  }

  #read(): Kept {
    try {
      const kept: unknown = JSON.parse(this.#storage.getItem(place) ?? '[]')
      return Array.isArray(kept) ? (kept as Kept) : []
    } catch {
      return []
    }
  }

  #write(kept: Kept): void {
    try {
      this.#storage.setItem(place, JSON.stringify(kept.slice(-mostKept)))
    } catch {
      // A browser that keeps nothing sends from the beginning after a reload.
    }
  }
}

function identityOf(file: File): string {
  return JSON.stringify([file.webkitRelativePath || file.name, file.size, file.lastModified])
}
