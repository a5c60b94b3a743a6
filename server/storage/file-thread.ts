import { createHash } from 'node:crypto'
import { chmodSync, closeSync, constants, copyFileSync, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Answer, Done, FromFileThread, Part, ToFileThread } from './file-threads.ts'

/** Small enough to be in the processor's own memory from the reading to what comes then. */
const pieceBytes = 128 * 1024

/** What a thread has: room for two pieces, and the folders for which the system could not let a copy share the blocks of its source, where it is not asked again. */
type Own = { one: Buffer; other: Buffer; unshared: Set<string> }

/** What somebody wants of a file that is read: its bytes piece by piece, until it says that it needs no more of them. */
type Taker = {
  take(piece: Buffer, at: number): Done | undefined
  /** The file has no more bytes. */
  end(size: number): Done
  close?(): void
}

/** The body of a thread that works on whole files: one after the other, by calls that wait, since nothing else runs here. */
function serve(port: MessagePort): void {
  const own = { one: Buffer.allocUnsafeSlow(pieceBytes), other: Buffer.allocUnsafeSlow(pieceBytes), unshared: new Set<string>() }
  port.on('message', (order: ToFileThread) => port.postMessage(readOnce(order, own) satisfies FromFileThread))
}

/** Reads a file once for all who want something of it. What becomes of one of them is nothing to the others. */
function readOnce({ do: wanted, parts }: ToFileThread, own: Own): FromFileThread {
  const readers = parts.map((part) => new Reader(part))
  let handle: number | null = null
  try {
    handle = openAny(parts)
    const { size: sourceSize } = fstatSync(handle)
    for (const reader of readers) reader.begin(({ source, file }) => takers[wanted](file, { source, size: sourceSize, own }))
    let size = 0
    for (let piece = read(handle, own.one, 0); piece.length > 0 && readers.some(({ reads }) => reads); piece = read(handle, own.one, size)) {
      for (const reader of readers) reader.take(piece, size)
      size += piece.length
    }
    for (const reader of readers) reader.end(size)
  } catch (thrown) {
    for (const reader of readers) reader.fail(thrown)
  } finally {
    if (handle !== null) closeSync(handle)
  }
  return readers.map(({ answer }) => answer)
}

/** Opens one file by any of its names: each may go when whoever it belongs to needs it no more. */
function openAny(parts: Part[]): number {
  const [first, ...rest] = parts as [Part, ...Part[]]
  try {
    return openSync(first.source, 'r')
  } catch (thrown) {
    if (rest.length === 0) throw thrown
    return openAny(rest)
  }
}

/** One of those for whom a file is read. */
class Reader {
  readonly #part: Part
  readonly #stop: Int32Array
  #taker: Taker | null = null
  #answer: Answer | null = null

  constructor(part: Part) {
    this.#part = part
    this.#stop = new Int32Array(part.stop)
  }

  get reads(): boolean {
    return this.#answer === null
  }

  get answer(): Answer {
    return this.#answer ?? { failure: { code: undefined, message: 'nothing became of it' } }
  }

  begin(open: (part: Part) => Taker | Done): void {
    this.#go(() => {
      const opened = open(this.#part)
      if ('take' in opened) this.#taker = opened
      return 'take' in opened ? undefined : opened
    })
  }

  take(piece: Buffer, at: number): void {
    this.#go(() => this.#taker?.take(piece, at))
  }

  end(size: number): void {
    this.#go(() => this.#taker?.end(size))
  }

  fail(thrown: unknown): void {
    if (this.reads) this.#settle(failureOf(thrown))
  }

  #go(work: () => Done | undefined): void {
    if (!this.reads) return
    try {
      if (Atomics.load(this.#stop, 0) !== 0) throw new Error('stopped')
      const done = work()
      if (done) this.#settle({ done })
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  /** Closing may be where a file system says that it could not keep what was written: then it was not done. */
  #settle(answer: Answer): void {
    const taker = this.#taker
    this.#taker = null
    try {
      taker?.close?.()
      this.#answer = answer
    } catch (thrown) {
      this.#answer = 'done' in answer ? failureOf(thrown) : answer
    }
  }
}

function failureOf(thrown: unknown): Answer {
  const { code, message } = thrown as NodeJS.ErrnoException
  return { failure: { code, message } }
}

type Source = { source: string; size: number; own: Own }

const takers: Record<ToFileThread['do'], (file: string, source: Source) => Taker | Done> = { hash, compare, copy }

function hash(): Taker {
  const sum = createHash('sha256')
  return {
    take: (piece) => void sum.update(piece),
    end: (size) => ({ found: { sha256: sum.digest('hex'), size } }),
  }
}

function compare(file: string, { size, own }: Source): Taker | Done {
  const twin = openSync(file, 'r')
  const close = () => closeSync(twin)
  if (fstatSync(twin).size !== size) {
    close()
    return { same: false }
  }
  return {
    take: (piece, at) => (filled(twin, own.other.subarray(0, piece.length), at).equals(piece) ? undefined : { same: false }),
    end: (read) => ({ same: read === size }),
    close,
  }
}

function copy(file: string, { source, size, own }: Source): Taker | Done {
  if (sharesBlocks(source, file, own)) return { size }
  const made = openSync(file, 'wx')
  return {
    take: (piece, at) => {
      for (let written = 0; written < piece.length;) written += writeSync(made, piece, written, piece.length - written, at + written)
      return undefined
    },
    end: (size) => ({ size }),
    close: () => closeSync(made),
  }
}

/** A copy that shares the blocks of its source until one of them is changed, where the file system has such: it takes no time and no room. */
function sharesBlocks(from: string, to: string, { unshared }: Own): boolean {
  const folder = path.dirname(to)
  if (unshared.has(folder)) return false
  const { mode } = withOpen(to, 'wx', (made) => fstatSync(made))
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE)
    // It came with the rights of its source.
    chmodSync(to, mode & 0o777)
    return true
  } catch {
    unshared.add(folder)
    rmSync(to, { force: true })
    return false
  }
}

/** Some of the file, up to as many bytes as there is room for. */
function read(handle: number, into: Buffer, at: number): Buffer {
  return into.subarray(0, readSync(handle, into, 0, into.length, at))
}

/** As many bytes as there is room for, or as the file has: the system may give less than it was asked for. */
function filled(handle: number, into: Buffer, at: number): Buffer {
  let size = 0
  for (let more = -1; size < into.length && more !== 0; size += more) more = readSync(handle, into, size, into.length - size, at + size)
  return into.subarray(0, size)
}

function withOpen<T>(file: string, flags: string, work: (handle: number) => T): T {
  const handle = openSync(file, flags)
  try {
    return work(handle)
  } finally {
    closeSync(handle)
  }
}

if (!parentPort) throw new Error('file-thread.ts runs as a worker thread')
serve(parentPort)
