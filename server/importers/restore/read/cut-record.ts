import { isUtf8 } from 'node:buffer'
import type { FixtureRecord, RecordPosition } from '../record.ts'
import { parseRecord } from './parse-record.ts'
import { firstInvalidByte } from './text-chunks.ts'
import type { TextChunk } from './text-chunks.ts'
import type { ValueScan } from './value-scan.ts'

/** The bytes of a record that stretches over chunks, as they come in. */
export class RecordBytes {
  length = 0
  #pieces: Buffer[] = []
  #valid = true
  #ascii = true

  /** Adds the bytes of `chunk` from `from` to `to`. */
  add(chunk: TextChunk, from: number, to: number): void {
    this.#pieces.push(chunk.bytes.subarray(from, to))
    this.length += to - from
    this.#valid &&= chunk.valid
    this.#ascii &&= chunk.ascii
  }

  /** All of it as a chunk of its own; nothing is left here. */
  take(byte: number): TextChunk {
    const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
    const chunk = { bytes, byte, valid: this.#valid, ascii: this.#ascii, proto: bytes.includes('__proto__') }
    this.length = 0
    this.#pieces = []
    this.#valid = true
    this.#ascii = true
    return chunk
  }
}

/** The record between `from` and `to` of a chunk, parsed. */
export function finishRecord(chunk: TextChunk, from: number, to: number, scan: ValueScan, position: RecordPosition): FixtureRecord {
  const { file, record, byte, line } = position
  if (!chunk.valid && !isUtf8(chunk.bytes.subarray(from, to))) {
    const bytes = Buffer.from(chunk.bytes.subarray(from, to))
    const at = firstInvalidByte(bytes)
    const hex = bytes[at]!.toString(16).padStart(2, '0').toUpperCase()
    const problem = `The record is not UTF-8: byte ${byte + at} of the file (0x${hex}) belongs to no character. Convert the file to UTF-8.`
    return { file, record, byte, line, problem, text: () => bytes.toString('utf8') }
  }
  const text = chunk.bytes.toString(chunk.ascii ? 'latin1' : 'utf8', from, to)
  const parsed = parseRecord(text, scan, chunk.proto)
  if (parsed.problem === undefined) return { file, record, byte, line, value: parsed.value, text: () => text }
  return { file, record, byte, line, problem: parsed.problem, text: () => text }
}
