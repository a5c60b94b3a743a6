import { createHash } from 'node:crypto'
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
  if (at !== size) throw new AppError('file_damaged', `The copy for ${path} is not as long as it was when it was made.`)
}

/** Hex SHA-256 and number of bytes that were read. */
export async function hashOf(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const piece of pieces) {
    signal.throwIfAborted()
    hash.update(piece)
    size += piece.length
  }
  return { sha256: hash.digest('hex'), size }
}
