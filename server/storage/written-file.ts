import type { FileHandle } from 'node:fs/promises'

/** Measured: a gigabyte that is synced on its way is safe 15 ms after its last byte; one that is synced at its end, 430 ms. */
const syncEvery = 32 * 1024 * 1024

/** A file of the disk that is being written, piece by piece. */
export class WrittenFile {
  /** Whether it is safe on the disk once it is committed. */
  readonly syncs: boolean
  readonly #file: FileHandle
  #at: number
  #safe: number
  #unsynced = 0
  #syncing: Promise<void> | null = null
  #failed: { error: unknown } | null = null
  #closed = false

  /** `at`: how many bytes are there already; the next ones come after them. */
  constructor(file: FileHandle, { at = 0, syncs = true }: { at?: number; syncs?: boolean } = {}) {
    this.#file = file
    this.syncs = syncs
    this.#at = at
    this.#safe = at
  }

  /** How many bytes from its start are safe on the disk. */
  get safe(): number {
    return this.#safe
  }

  async write(pieces: Uint8Array[]): Promise<void> {
    let left = pieces
    while (left.length > 0) {
      const { bytesWritten } = await this.#file.writev(left, this.#at)
      left = withoutFirst(left, bytesWritten)
      this.#at += bytesWritten
      this.#unsynced += bytesWritten
    }
    if (this.syncs && this.#unsynced >= syncEvery) this.#syncMeanwhile()
  }

  /**
   * Resolves when all that was written is safe on the disk, if it is to be. Throws also when an earlier sync failed: the system may have dropped what it could not write, and
   * the next sync then succeeds without it (fsync(2)).
   */
  async commit(): Promise<void> {
    await this.#syncing
    if (this.#failed) throw this.#failed.error
    if (this.syncs) {
      await this.#file.datasync()
      this.#safe = this.#at
    }
    await this.close()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#syncing
    await this.#file.close()
  }

  /** Errors come out at the end. */
  #syncMeanwhile(): void {
    if (this.#syncing || this.#failed) return
    this.#unsynced = 0
    this.#syncing = this.#sync(this.#at)
  }

  async #sync(upTo: number): Promise<void> {
    try {
      await this.#file.datasync()
      this.#safe = upTo
    } catch (error) {
      this.#failed = { error }
    } finally {
      this.#syncing = null
    }
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
