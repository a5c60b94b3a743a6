import type { AppError } from '../../../errors.ts'
import type { FixtureRecord } from '../record.ts'
import { RecordBytes, finishRecord } from './cut-record.ts'
import { endsTooSoon, overLimit, unsupported } from './damage.ts'
import type { TextChunk } from './text-chunks.ts'
import { ValueScan } from './value-scan.ts'

const newline = 0x0a

/** Cuts the records out of JSON Lines, chunk by chunk. A line ends at LF or CRLF and nowhere else: U+2028 stands bare in what Django writes. */
export class LineCutter {
  readonly #file: string
  readonly #limit: number
  readonly #scan = new ValueScan()
  readonly #held = new RecordBytes()
  #records = 0
  #line = 0
  /** Where the line that is being read began. */
  #byte: number | null = null

  constructor(file: string, limits: { recordBytes: number }) {
    this.#file = file
    this.#limit = limits.recordBytes
  }

  /** Adds the records that end in this chunk to `out`. */
  push(chunk: TextChunk, out: FixtureRecord[]): void {
    const { bytes } = chunk
    let from = 0
    for (;;) {
      this.#byte ??= chunk.byte + from
      const end = bytes.indexOf(newline, from)
      this.#refuseLarge(this.#held.length + (end < 0 ? bytes.length : end) - from)
      if (end < 0) break
      this.#finish(chunk, from, end, out)
      from = end + 1
    }
    this.#held.add(chunk, from, bytes.length)
  }

  /** To be called after the last chunk: the last line may lack its newline, but not the end of its record. */
  end(out: FixtureRecord[]): AppError | null {
    if (this.#held.length === 0) return null
    const byte = this.#byte!
    const last = this.#held.take(byte)
    if (this.#addLine(last, 0, last.bytes.length, out)) return null
    out.pop()
    return endsTooSoon({ file: this.#file, record: this.#records, line: this.#line, byte }, 'it ends in the middle of a record that begins here')
  }

  #finish(chunk: TextChunk, from: number, end: number, out: FixtureRecord[]): void {
    let line = { chunk, from, end }
    if (this.#held.length > 0) {
      this.#held.add(chunk, from, end)
      const whole = this.#held.take(this.#byte!)
      line = { chunk: whole, from: 0, end: whole.bytes.length }
    }
    this.#byte = null
    const complete = this.#addLine(line.chunk, line.from, line.end, out)
    if (complete || this.#records > 1) return
    const what = 'one JSON object over several lines, or a list without its beginning: neither a list of records nor one record in each line'
    throw unsupported(this.#file, what)
  }

  /** Adds the record of one line, if there is one. Whether its brackets and strings were all closed. */
  #addLine(chunk: TextChunk, lineStart: number, lineEnd: number, out: FixtureRecord[]): boolean {
    const { bytes } = chunk
    this.#line++
    let from = lineStart
    let to = lineEnd
    while (from < to && isBlank(bytes[from]!)) from++
    while (to > from && isBlank(bytes[to - 1]!)) to--
    if (from === to) return true
    this.#scan.start()
    this.#scan.feed(bytes, from, to)
    out.push(finishRecord(chunk, from, to, this.#scan, { file: this.#file, record: ++this.#records, byte: chunk.byte + from, line: this.#line }))
    return this.#scan.depth === 0 && !this.#scan.insideString
  }

  #refuseLarge(size: number): void {
    if (size <= this.#limit) return
    const place = { record: this.#records + 1, line: this.#line + 1, byte: this.#byte! }
    throw overLimit(
      this.#file,
      `record ${place.record} (line ${place.line}, byte ${place.byte}) is larger than ${this.#limit} bytes, which is the limit`,
      place,
    )
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d
}
