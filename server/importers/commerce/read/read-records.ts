import { QuickCutter } from './cut-quickly.ts'
import { StrictCutter, xmlLimits } from './cut-strictly.ts'
import { notXml } from './documents.ts'
import type { Document } from './documents.ts'
import { bytesOf, decodeText, encodingBytes, encodingOf, markLength } from './encoding.ts'
import type { Encoding, TextPiece } from './encoding.ts'
import type { Keep } from './record-builder.ts'
import type { CommerceRecord } from './record.ts'
import { NotSure } from './tag-text.ts'

/** Some records of a document, how many of its bytes were read by then, and its orders so far, which are passed over. */
export type RecordPiece = { records: CommerceRecord[]; read: number; orders: number }

/**
 * `strict` checks all of it; `quick` is for a document that was read strictly to its end before. Strict reading searches, too, and goes on to the `letter` where
 * it is not sure: that knows all of XML, and what to say of what is none. `keep` says what of a record is of use.
 */
export type Reading = { way: 'strict' | 'quick' | 'letter'; keep: Keep }

/**
 * The records of a document in its order, piece by piece; memory does not grow with its size. `null` when its first bytes are no XML text.
 * Throws what StrictCutter and `decodeText` throw, and the reason of `signal`.
 */
export async function openRecords(
  document: Document,
  signal: AbortSignal,
  reading: Reading,
): Promise<AsyncGenerator<RecordPiece> | { head: Buffer }> {
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
  if (reading.way === 'letter') return letterPieces(document.name, joined(head, chunks), head, signal, reading.keep)
  return surely(document, joined(head, chunks), head, signal, reading)
}

async function* surely(
  document: Document,
  chunks: AsyncIterable<Buffer>,
  head: Buffer,
  signal: AbortSignal,
  reading: Reading,
): AsyncGenerator<RecordPiece> {
  let given = 0
  try {
    for await (const piece of quickPieces(document.name, chunks, head, signal, reading)) {
      given += piece.records.length
      yield piece
    }
    return
  } catch (thrown) {
    if (!(thrown instanceof NotSure)) throw thrown
  }
  // Both ways cut the same records, in the same order.
  for await (const piece of letterPieces(document.name, document.open(), head, signal, reading.keep)) {
    const records = piece.records.slice(Math.min(given, piece.records.length))
    given -= piece.records.length - records.length
    yield { ...piece, records }
  }
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

/** The records by searching; throws NotSure. */
async function* quickPieces(
  file: string,
  chunks: AsyncIterable<Buffer>,
  head: Buffer,
  signal: AbortSignal,
  reading: Reading,
): AsyncGenerator<RecordPiece> {
  const encoding = encodingOf(file, head)
  const mark = markLength(head)
  const cutter = new QuickCutter(file, (position) => mark + position * unitBytes[encoding], reading.keep, reading.way === 'quick')
  let read = 0
  for await (const { piece, end } of encoding === 'utf-8' ? utf8Pieces(chunks, mark) : decodedPieces(file, chunks, encoding)) {
    signal.throwIfAborted()
    read = end
    yield { records: cutter.write(piece), read, orders: cutter.orders }
  }
  yield { records: cutter.end(), read, orders: cutter.orders }
}

/** What is searched, and where it ends in the file. */
type Searched = { piece: Buffer | string; end: number }

/** How many bytes each character takes of what is searched: UTF-8 is searched byte by byte. */
const unitBytes: Record<Encoding, number> = { 'utf-8': 1, 'windows-1251': 1, 'utf-16le': 2, 'utf-16be': 2 }

/** So much is searched at once: what is made of it is gone before it has to be moved in memory. */
const pieceBytes = 64 * 1024

async function* utf8Pieces(chunks: AsyncIterable<Buffer>, mark: number): AsyncGenerator<Searched> {
  let end = 0
  for await (const chunk of chunks) {
    for (let at = end === 0 ? mark : 0; at < chunk.length; at += pieceBytes) {
      const piece = chunk.subarray(at, at + pieceBytes)
      yield { piece, end: end + at + piece.length }
    }
    end += chunk.length
  }
}

async function* decodedPieces(file: string, chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<Searched> {
  for await (const { text, end } of decodeText(file, chunks, encoding)) yield { piece: text, end }
}

/** The records to the letter. */
async function* letterPieces(
  file: string,
  chunks: AsyncIterable<Buffer>,
  head: Buffer,
  signal: AbortSignal,
  keep: Keep,
): AsyncGenerator<RecordPiece> {
  const encoding = encodingOf(file, head)
  const at = { byte: 0, position: 0, counted: 0, text: '' }
  /** Bytes are counted on from the last place that was asked for. */
  const byteAt = (position: number): number => {
    const tag = Math.max(at.counted, at.text.lastIndexOf('<', position - at.position - 1))
    at.byte += bytesOf(at.text.slice(at.counted, tag), encoding)
    at.counted = tag
    return at.byte
  }
  const cutter = new StrictCutter(file, byteAt, keep)
  let written = 0
  for await (const { text, byte } of wholeTags(decodeText(file, chunks, encoding), encoding)) {
    signal.throwIfAborted()
    Object.assign(at, { byte, position: written, counted: 0, text })
    const records = cutter.write(text)
    written += text.length
    yield { records, read: byte, orders: cutter.orders }
  }
  yield { records: cutter.end(), read: at.byte, orders: cutter.orders }
}

/** Pieces that end between tags, so that the place of a tag is that of its piece and what is before it in it. */
async function* wholeTags(texts: AsyncGenerator<TextPiece>, encoding: Encoding): AsyncGenerator<TextPiece> {
  let kept: TextPiece = { text: '', byte: 0, end: 0 }
  for await (const { text: read, byte, end } of texts) {
    const piece = { text: kept.text + read, byte: kept.text === '' ? byte : kept.byte }
    const tag = piece.text.lastIndexOf('<')
    const cut = tag < 0 || piece.text.length - tag > xmlLimits.text || piece.text.includes('>', tag) ? piece.text.length : tag
    const text = piece.text.slice(0, cut)
    const rest = piece.text.slice(cut)
    kept = { text: rest, byte: end - bytesOf(rest, encoding), end }
    if (text !== '') yield { text, byte: piece.byte, end: kept.byte }
  }
  if (kept.text !== '') yield kept
}
