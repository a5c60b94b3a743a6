import type { Cutter } from './cut-strictly.ts'
import { localName } from './cut-strictly.ts'
import { RecordBuilder } from './record-builder.ts'
import type { Keep } from './record-builder.ts'
import type { CommerceRecord } from './record.ts'
import { attributesIn, tagEnd, unescaped } from './tag-text.ts'

/**
 * Cuts the same records as StrictCutter out of a text that StrictCutter has read to its end, several times as fast: nothing is checked any more, and
 * texts between tags are found by searching. Give it no other text.
 */
export class QuickCutter implements Cutter {
  readonly #builder: RecordBuilder
  readonly #names = new Map<string, string>()
  #text = ''
  /** Where in the whole text `#text` begins, and up to where in it lines are counted. */
  #before = 0
  #tag = 0
  #line = 1
  #lineAt = 0

  constructor(file: string, byteAt: (position: number) => number, keep: Keep) {
    this.#builder = new RecordBuilder(file, () => ({ line: this.#countLines(), byte: byteAt(this.#before + this.#tag + 1) }), keep)
  }

  get orders(): number {
    return this.#builder.orders
  }

  write(piece: string): CommerceRecord[] {
    this.#text += piece
    const text = this.#text
    let at = 0
    for (;;) {
      const tag = text.indexOf('<', at)
      if (tag < 0) break
      if (tag > at && !this.#builder.passing) this.#builder.text(unescaped(text.slice(at, tag)))
      at = tag
      const end = this.#markup(text, tag)
      if (end < 0) break
      at = end
    }
    this.#countLinesTo(at)
    this.#before += at
    this.#text = text.slice(at)
    this.#lineAt = 0
    return this.#builder.take()
  }

  end(): CommerceRecord[] {
    return this.#builder.take()
  }

  /** What begins at a `<`; answers where it ends, or -1 when that has not come yet. */
  #markup(text: string, tag: number): number {
    const first = text.charCodeAt(tag + 1)
    if (first === slash) {
      const end = text.indexOf('>', tag)
      if (end > 0) this.#builder.close()
      return end < 0 ? -1 : end + 1
    }
    if (first === question) return after(text, '?>', tag + 2)
    if (first === exclamation) return this.#declaration(text, tag)
    const end = Number.isNaN(first) ? -1 : tagEnd(text, tag)
    if (end >= 0) this.#open(text, tag, end)
    return end < 0 ? -1 : end + 1
  }

  #declaration(text: string, tag: number): number {
    if (text.length < tag + 9) return -1
    if (text.startsWith('<!--', tag)) return after(text, '-->', tag + 4)
    const end = after(text, ']]>', tag + 9)
    if (end >= 0) this.#builder.text(text.slice(tag + 9, end - 3))
    return end
  }

  #open(text: string, tag: number, end: number): void {
    const closed = text.charCodeAt(end - 1) === slash
    const inner = text.slice(tag + 1, closed ? end - 1 : end)
    const blank = inner.search(/\s/)
    this.#tag = tag
    this.#builder.open(
      this.#name(blank < 0 ? inner : inner.slice(0, blank)),
      blank < 0 || this.#builder.passing ? null : attributesIn(inner.slice(blank)),
    )
    if (closed) this.#builder.close()
  }

  /** One text for each name, so that names are compared at a glance. */
  #name(raw: string): string {
    const known = this.#names.get(raw)
    if (known !== undefined) return known
    const name = localName(raw)
    if (this.#names.size < 10_000) this.#names.set(raw, name)
    return name
  }

  #countLines(): number {
    this.#countLinesTo(this.#tag)
    return this.#line
  }

  #countLinesTo(end: number): void {
    for (let at = this.#text.indexOf('\n', this.#lineAt); at >= 0 && at < end; at = this.#text.indexOf('\n', at + 1)) this.#line += 1
    this.#lineAt = end
  }
}

const slash = 47
const question = 63
const exclamation = 33

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from)
  return at < 0 ? -1 : at + end.length
}
