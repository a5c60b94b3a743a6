import { once } from 'node:events'
import { Readable, pipeline } from 'node:stream'
import type { Transform } from 'node:stream'

/** A decompressor of node:zlib: a transform that counts the bytes it has taken in. */
type Decompressor = Transform & { readonly bytesWritten: number }

type FrameOptions = {
  create: () => Decompressor
  /** What bytes after the end of the compressed data are: the next frame, or padding when all are zero. */
  after: 'frame' | 'zeros'
  /** Makes the error for other bytes after the end. */
  trailing: () => Error
}

/**
 * Unpacks with decompressors of node:zlib that stop at the end of a frame and silently drop what follows (zstd: further frames, gzip: anything after zeros).
 * Here what follows is unpacked too or refused. Errors of the source and of the decompressor come out of the iteration as they are.
 */
export async function* decodeFrames(packed: AsyncIterable<Buffer>, options: FrameOptions): AsyncGenerator<Buffer> {
  const source = new Tape(packed)
  try {
    do {
      yield* decodeFrame(source, options.create())
      if (options.after === 'zeros') {
        for await (const rest of source.read()) if (rest.some((byte) => byte !== 0)) throw options.trailing()
      }
    } while (!(await source.atEnd()))
  } finally {
    await source.close()
  }
}

async function* decodeFrame(source: Tape, decompressor: Decompressor): AsyncGenerator<Buffer> {
  const before = source.position
  const input = Readable.from(source.read(), { objectMode: false })
  // The error comes out of the iteration below; the callback is there because pipeline asks for one.
  pipeline(input, decompressor, () => {})
  try {
    yield* decompressor as AsyncIterable<Buffer>
  } finally {
    input.destroy()
    // A read of the source may be under way: only once it is through is the position true.
    if (!input.closed) await once(input, 'close')
  }
  source.rewindTo(before + decompressor.bytesWritten)
}

/** More than the streams of a decompressor buffer before they ask for back-pressure. */
const keptBytes = 1 << 20

/** A source that can go back over the chunks it gave last. */
class Tape {
  position = 0
  readonly #iterator: AsyncIterator<Buffer>
  /** The chunks given out last, oldest first. */
  readonly #given: Buffer[] = []
  #kept = 0
  #ahead: Buffer[] = []
  #done = false

  constructor(packed: AsyncIterable<Buffer>) {
    this.#iterator = packed[Symbol.asyncIterator]()
  }

  async *read(): AsyncGenerator<Buffer> {
    for (let chunk = await this.#next(); chunk !== null; chunk = await this.#next()) {
      this.position += chunk.length
      this.#given.push(chunk)
      this.#kept += chunk.length
      while (this.#kept - this.#given[0]!.length >= keptBytes) this.#kept -= this.#given.shift()!.length
      yield chunk
    }
  }

  rewindTo(position: number): void {
    const rest: Buffer[] = []
    while (this.position > position) {
      const chunk = this.#given.pop()
      if (chunk === undefined) throw new Error('A decompressor read further ahead than is kept.')
      const keep = Math.min(chunk.length, this.position - position)
      rest.unshift(chunk.subarray(chunk.length - keep))
      this.position -= keep
    }
    this.#ahead = [...rest, ...this.#ahead]
    this.#given.length = 0
    this.#kept = 0
  }

  async atEnd(): Promise<boolean> {
    const chunk = await this.#next()
    if (chunk === null) return true
    this.#ahead.unshift(chunk)
    return false
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }

  async #next(): Promise<Buffer | null> {
    const ahead = this.#ahead.shift()
    if (ahead !== undefined) return ahead
    if (this.#done) return null
    const next = await this.#iterator.next()
    this.#done = next.done === true
    return next.done === true ? null : next.value
  }
}
