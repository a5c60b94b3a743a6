import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import type { Content, DeliveryOrder } from '../destination.ts'
import { codeOf } from '../failures.ts'
import { copyGone, measured, otherLength } from '../measured-content.ts'

/** Some bytes of a file, in memory that is used again: `free` has to be called once they are no longer needed. */
export type Block = { bytes: Buffer; free: () => void }

/**
 * Memory of a destination for what is on its way: so many blocks, whatever the number of files. Who asks for one more waits. After one that broke off they
 * go one by one, and one more at a time with each that comes through: on a way that breaks often, one block is there sooner than the first of six.
 */
export class Blocks {
  readonly #most: number
  readonly #bytes: number
  readonly #free: Buffer[] = []
  readonly #waiting: (() => void)[] = []
  #allowed: number
  #taken = 0

  constructor(most: number, bytes: number) {
    this.#most = most
    this.#allowed = most
    this.#bytes = bytes
  }

  /** One of at least so many bytes. One that is larger than usual is not kept. */
  async take(bytes: number): Promise<{ memory: Buffer; free: () => void }> {
    if (this.#taken >= this.#allowed) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#taken += 1
    const memory = bytes > this.#bytes ? Buffer.allocUnsafeSlow(bytes) : (this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes))
    const free = () => {
      if (memory.length === this.#bytes) this.#free.push(memory)
      this.#taken -= 1
      this.#letGo()
    }
    return { memory, free }
  }

  /** Waits for the sending of one, and learns from it. */
  async sent<T>(sending: Promise<T>): Promise<T> {
    try {
      const answer = await sending
      this.#allowed = Math.min(this.#most, this.#allowed + 1)
      return answer
    } catch (thrown) {
      this.#allowed = 1
      throw thrown
    } finally {
      this.#letGo()
    }
  }

  #letGo(): void {
    while (this.#taken < this.#allowed) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#taken += 1
      next()
    }
  }
}

type Asked = { blocks: Blocks; bytes: number; signal: AbortSignal }

/** A whole file in blocks of so many bytes, the last one shorter. Fails with `file_damaged` when it is not as long as the order says. */
export async function* inBlocks(content: Content, order: DeliveryOrder, asked: Asked): AsyncGenerator<Block> {
  yield* content.file === undefined ? ofStream(content, order, asked) : ofFile(content.file, order, asked)
}

async function* ofFile(file: string, { size, path }: DeliveryOrder, { blocks, bytes, signal }: Asked): AsyncGenerator<Block> {
  const handle = await open(file).catch((thrown: unknown) => {
    throw codeOf(thrown) === 'ENOENT' ? copyGone(path, thrown) : thrown
  })
  try {
    if ((await handle.stat()).size !== size) throw otherLength(path)
    for (let at = 0; at < size; at += bytes) {
      const { memory, free } = await blocks.take(bytes)
      const block = memory.subarray(0, Math.min(bytes, size - at))
      try {
        signal.throwIfAborted()
        await fill(block, handle, at, path)
      } catch (thrown) {
        free()
        throw thrown
      }
      yield { bytes: block, free }
    }
  } finally {
    await handle.close()
  }
}

async function fill(block: Buffer, handle: FileHandle, at: number, path: string): Promise<void> {
  for (let filled = 0; filled < block.length;) {
    const { bytesRead } = await handle.read(block, filled, block.length - filled, at + filled)
    if (bytesRead === 0) throw otherLength(path)
    filled += bytesRead
  }
}

async function* ofStream(content: Content, order: DeliveryOrder, { blocks, bytes, signal }: Asked): AsyncGenerator<Block> {
  let block = null
  let filled = 0
  try {
    for await (const piece of measured(content, 0, order, { signal, progress: () => undefined })) {
      for (let at = 0; at < piece.length;) {
        block ??= await blocks.take(bytes)
        const copied = piece.copy(block.memory, filled, at, at + bytes - filled)
        filled += copied
        at += copied
        if (filled < bytes) continue
        const whole = block
        block = null
        filled = 0
        yield { bytes: whole.memory.subarray(0, bytes), free: whole.free }
      }
    }
    if (!block) return
    const last = block
    block = null
    yield { bytes: last.memory.subarray(0, filled), free: last.free }
  } finally {
    block?.free()
  }
}
