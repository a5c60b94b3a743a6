import { AppError } from '../../../errors.ts'
import { RecordCutter } from './cut-records.ts'
import { notXml } from './documents.ts'
import type { Document } from './documents.ts'
import { bytesOf, decodeText, encodingBytes, encodingOf } from './encoding.ts'
import type { CommerceRecord } from './record.ts'

/** Some records of a document, how many of its bytes were read by then, and its orders so far, which are passed over. */
export type RecordPiece = { records: CommerceRecord[]; read: number; documents: number }

/**
 * The records of a document in its order, piece by piece; memory does not grow with its size. `null` when its first bytes are no XML text.
 * Throws what RecordCutter and `decodeText` throw, and the reason of `signal`.
 */
export async function openRecords(document: Document, signal: AbortSignal): Promise<AsyncGenerator<RecordPiece> | { head: Buffer }> {
  const chunks = document.open()[Symbol.asyncIterator]()
  const held: Buffer[] = []
  while (held.reduce((sum, { length }) => sum + length, 0) < encodingBytes) {
    const next = await chunks.next()
    if (next.done === true) break
    held.push(next.value)
  }
  const head = Buffer.concat(held)
  if (notXml(head) !== null) {
    await chunks.return?.()
    return { head }
  }
  return pieces(document.name, joined(head, chunks), head, signal)
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

async function* pieces(file: string, chunks: AsyncIterable<Buffer>, head: Buffer, signal: AbortSignal): AsyncGenerator<RecordPiece> {
  const encoding = encodingOf(file, head)
  const at = { byte: 0, position: 0, counted: 0, text: '' }
  /** Bytes are counted on from the last place that was asked for. */
  const byteAt = (position: number): number => {
    const tag = Math.max(at.counted, at.text.lastIndexOf('<', position - at.position - 1))
    at.byte += bytesOf(at.text.slice(at.counted, tag), encoding)
    at.counted = tag
    return at.byte
  }
  const cutter = new RecordCutter(file, byteAt)
  let written = 0
  for await (const { text, byte } of decodeText(file, chunks, encoding)) {
    signal.throwIfAborted()
    Object.assign(at, { byte, position: written, counted: 0, text })
    const records = cutter.write(text)
    written += text.length
    yield { records, read: byte + bytesOf(text, encoding), documents: cutter.documents }
  }
  if (written === 0) throw new AppError('file_damaged', `${file} is empty.`, { details: { file } })
  yield { records: cutter.end(), read: at.byte, documents: cutter.documents }
}
