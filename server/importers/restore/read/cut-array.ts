import type { AppError } from '../../../errors.ts'
import type { FixtureRecord } from '../record.ts'
import { RecordBytes, finishRecord } from './cut-record.ts'
import { damagedText, endsTooSoon, overLimit } from './damage.ts'
import type { Place } from './damage.ts'
import type { TextChunk } from './text-chunks.ts'
import { ValueScan } from './value-scan.ts'

const opening = 0x5b
const closing = 0x5d
const comma = 0x2c
const newline = 0x0a

/** What may come next outside of a record. */
type Expect = 'list' | 'first' | 'next' | 'separator' | 'nothing'

/** Cuts the records out of a JSON list, chunk by chunk. */
export class ArrayCutter {
  readonly #file: string
  readonly #limit: number
  readonly #scan = new ValueScan()
  readonly #held = new RecordBytes()
  #expect: Expect = 'list'
  #inside = false
  #records = 0
  #line = 1
  /** Where the record that is being read began. */
  #byte = 0
  #end = 0

  constructor(file: string, limits: { recordBytes: number }) {
    this.#file = file
    this.#limit = limits.recordBytes
  }

  /** Adds the records that end in this chunk to `out`. */
  push(chunk: TextChunk, out: FixtureRecord[]): void {
    const { bytes } = chunk
    let at = 0
    while (at < bytes.length) {
      if (!this.#inside) {
        at = this.#passBetween(chunk, at)
        if (!this.#inside) break
        this.#byte = chunk.byte + at
      }
      const end = this.#scan.feed(bytes, at)
      if (this.#scan.mismatch >= 0)
        throw damagedText(this.#place(chunk.byte + end, this.#scan.lines), 'a closing bracket does not fit the bracket that it closes')
      this.#refuseLarge(this.#held.length + (end < 0 ? bytes.length : end) - at)
      if (end < 0) {
        this.#held.add(chunk, at, bytes.length)
        break
      }
      out.push(this.#finish(chunk, at, end))
      at = end
    }
    this.#end = chunk.byte + bytes.length
  }

  /** To be called after the last chunk: what is missing, if anything is. */
  end(): AppError | null {
    if (this.#expect === 'nothing') return null
    if (this.#inside) {
      const where = this.#scan.insideString ? 'in the middle of a text in a record' : 'in the middle of a record'
      return endsTooSoon(this.#place(this.#byte, 0), `it ends at byte ${this.#end} ${where} that begins here`)
    }
    return endsTooSoon(this.#place(this.#end, 0), `the list is not closed by ] after ${this.#records} records`)
  }

  #finish(chunk: TextChunk, from: number, end: number): FixtureRecord {
    const position = { file: this.#file, record: ++this.#records, byte: this.#byte, line: this.#line }
    this.#inside = false
    this.#expect = 'separator'
    this.#line += this.#scan.lines
    if (this.#held.length === 0) return finishRecord(chunk, from, end, this.#scan, position)
    this.#held.add(chunk, from, end)
    const whole = this.#held.take(this.#byte)
    return finishRecord(whole, 0, whole.bytes.length, this.#scan, position)
  }

  /** Passes what stands between records, up to the first byte of the next (then `#inside`) or to the end of the chunk. */
  #passBetween(chunk: TextChunk, from: number): number {
    const { bytes } = chunk
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === newline) this.#line++
      if (byte === newline || byte === 0x20 || byte === 0x09 || byte === 0x0d) continue
      if (this.#isStructure(byte)) continue
      if (this.#expect === 'first' || this.#expect === 'next') {
        if (byte === comma || byte === closing || byte === 0x7d) throw this.#misplaced(byte, chunk.byte + at)
        this.#inside = true
        this.#scan.start()
        return at
      }
      throw this.#misplaced(byte, chunk.byte + at)
    }
    return bytes.length
  }

  #isStructure(byte: number): boolean {
    if (byte === opening && this.#expect === 'list') this.#expect = 'first'
    else if (byte === comma && this.#expect === 'separator') this.#expect = 'next'
    else if (byte === closing && (this.#expect === 'separator' || this.#expect === 'first')) this.#expect = 'nothing'
    else return false
    return true
  }

  #misplaced(byte: number, at: number): Error {
    const place = this.#place(at, 0)
    if (this.#expect === 'nothing') return damagedText(place, 'something stands after the end of the list')
    if (this.#expect === 'next') return damagedText(place, `a record must follow the comma, but there is ${nameByte(byte)}`)
    if (this.#expect === 'first') return damagedText(place, `a record or ] must follow the [, but there is ${nameByte(byte)}`)
    return damagedText(place, `a comma or ] must follow the record, but there is ${nameByte(byte)}`)
  }

  #refuseLarge(size: number): void {
    if (size <= this.#limit) return
    const place = this.#place(this.#byte, 0)
    throw overLimit(
      this.#file,
      `record ${place.record} (line ${place.line}, byte ${place.byte}) is larger than ${this.#limit} bytes, which is the limit`,
      place,
    )
  }

  #place(byte: number, lines: number): Place {
    return {
      file: this.#file,
      record: this.#records + (this.#expect === 'separator' || this.#expect === 'nothing' ? 0 : 1),
      line: this.#line + lines,
      byte,
    }
  }
}

function nameByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `byte 0x${byte.toString(16).padStart(2, '0').toUpperCase()}`
}
