import { createHash } from 'node:crypto'
import { chmodSync, closeSync, constants, copyFileSync, fstatSync, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { Done, FileTask, FromFileThread, ToFileThread } from './file-threads.ts'
import type { FileHash } from './hash-file.ts'

/** Small enough to be in the processor's own memory from the reading to what comes then. */
const pieceBytes = 512 * 1024

type Pieces = { one: Buffer; other: Buffer }

/** The body of a thread that works on whole files: one after the other, by calls that wait, since nothing else runs here. */
function serve(port: MessagePort): void {
  const pieces = { one: Buffer.allocUnsafeSlow(pieceBytes), other: Buffer.allocUnsafeSlow(pieceBytes) }
  port.on('message', ({ task, stop }: ToFileThread) => {
    const stopped = new Int32Array(stop)
    const goOn = () => {
      if (Atomics.load(stopped, 0) !== 0) throw new Error('stopped')
    }
    try {
      goOn()
      port.postMessage({ done: work(task, pieces, goOn) } satisfies FromFileThread)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      port.postMessage({ failure: { code, message } } satisfies FromFileThread)
    }
  })
}

function work(task: FileTask, pieces: Pieces, goOn: () => void): Done {
  switch (task.do) {
    case 'hash':
      return { found: hashOf(task.file, pieces, goOn) }
    case 'compare':
      return { same: areSame(task.file, task.twin, pieces, goOn) }
    case 'copy':
      copy(task.from, task.to)
      return {}
  }
}

function hashOf(file: string, pieces: Pieces, goOn: () => void): FileHash {
  return withOpen(file, 'r', (handle) => {
    const hash = createHash('sha256')
    let size = 0
    for (let piece = read(handle, pieces.one, size); piece.length > 0; piece = read(handle, pieces.one, size)) {
      goOn()
      hash.update(piece)
      size += piece.length
    }
    return { sha256: hash.digest('hex'), size }
  })
}

function areSame(file: string, twin: string, pieces: Pieces, goOn: () => void): boolean {
  return withOpen(file, 'r', (one) =>
    withOpen(twin, 'r', (other) => {
      if (fstatSync(one).size !== fstatSync(other).size) return false
      for (let at = 0; ;) {
        goOn()
        const piece = read(one, pieces.one, at)
        // The system may give less than it was asked for, and another time more.
        const same = read(other, pieces.other.subarray(0, piece.length || 1), at)
        if (!piece.equals(same)) return false
        if (piece.length === 0) return true
        at += piece.length
      }
    }),
  )
}

/** By the system, which shares the blocks of both files where it can. Larger pieces of our own were slower: they take memory that was long unused. */
function copy(from: string, to: string): void {
  const { mode } = withOpen(to, 'wx', (made) => fstatSync(made))
  copyFileSync(from, to, constants.COPYFILE_FICLONE)
  // It came with the rights of its source.
  chmodSync(to, mode & 0o777)
}

function read(handle: number, into: Buffer, at: number): Buffer {
  return into.subarray(0, readSync(handle, into, 0, into.length, at))
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
