import { AppError } from '../errors.ts'
import type { Content, DeliveryOrder, Transfer } from './destination.ts'

/** The bytes of a file from `start`, counted on the way. Fails with `file_damaged` when they are not as many as the order says. */
export async function* measured(content: Content, start: number, { size, path }: DeliveryOrder, transfer: Transfer): AsyncGenerator<Buffer> {
  const stream = content(start)
  let at = start
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      transfer.signal.throwIfAborted()
      at += piece.length
      if (at > size) break
      yield piece
      transfer.progress(at)
    }
  } finally {
    stream.destroy()
  }
  if (at !== size) throw otherLength(path)
}

/** What is read back of a file that should have so many bytes; of more than that, as much as shows that it is another one. */
export async function* noMoreThan(bytes: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let read = 0
  for await (const piece of pieces) {
    yield piece
    read += piece.length
    if (read > bytes) return
  }
}

export const otherLength = (path: string): AppError => new AppError('file_damaged', `The copy for ${path} is not as long as it was when it was made.`)

export const copyGone = (path: string, cause: unknown): AppError => new AppError('upload_gone', `The copy for ${path} is no longer kept.`, { cause })
