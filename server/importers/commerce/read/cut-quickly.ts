import { isUtf8 } from 'node:buffer'
import { xmlLimits } from './cut-strictly.ts'
import { KnownTags } from './known-tags.ts'
import type { Tag } from './known-tags.ts'
import { LineCounter } from './line-counter.ts'
import { RecordBuilder } from './record-builder.ts'
import type { Keep, Place } from './record-builder.ts'
import type { CommerceRecord } from './record.ts'
import { NotSure, hasForbidden, unescaped } from './tag-text.ts'

const declaration = /^<\?xml\s+version\s*=\s*(["'])1\.0\1(\s+encoding\s*=\s*(["'])[A-Za-z][\w.-]*\3)?(\s+standalone\s*=\s*(["'])(yes|no)\5)?\s*\?>$/
const onlyBlanks = /^[ \t\r\n]*$/
const beyondAscii = /[^\0-\u007f]/
const noBytes = Buffer.alloc(0)

/**
 * Cuts the same records as StrictCutter out of a text, several times as fast, by searching. It takes nothing that is not well-formed: where it is not sure it
 * throws NotSure, and the text has to be read to the letter to be told what is wrong with it. With `trusted`, a text that was read to its end before,
 * what is of no use is jumped over.
 *
 * UTF-8 is searched as it is, with a character for each byte: all that XML is marked up with is ASCII, so places are bytes, and only texts that are kept and have
 * other letters in them are decoded.
 */
export class QuickCutter {
  readonly #builder: RecordBuilder
  readonly #trusted: boolean
  readonly #tags = new KnownTags()
  readonly #lines = new LineCounter()
  /** The tags that are open. */
  readonly #path: Tag[] = []
  #text = ''
  /** What `#text` was made of, of a text in UTF-8. */
  #bytes: Buffer = noBytes
  /** Where in the whole text `#text` begins, and in it the tag that is being opened. */
  #before = 0
  #tag = 0
  #hadRoot = false
  /** Whether there are references, line ends of other systems, or ends of CDATA in this piece: then texts have to be looked at. */
  #looks = false

  /** @param byteAt where in the file a character stands of what is searched */
  constructor(file: string, byteAt: (position: number) => number, keep: Keep, trusted: boolean) {
    this.#trusted = trusted
    const place = (): Place => {
      this.#lines.countTo(this.#text, this.#tag)
      return { line: this.#lines.line, byte: byteAt(this.#before + this.#tag) }
    }
    this.#builder = new RecordBuilder(file, place, keep)
  }

  get orders(): number {
    return this.#builder.orders
  }

  /** The records that this piece completes: bytes of UTF-8, cut anywhere, or a text that was decoded. */
  write(piece: Buffer | string): CommerceRecord[] {
    const text = this.#join(piece)
    const hasReturns = text.includes('\r')
    this.#lines.begin(hasReturns)
    this.#looks = hasReturns || text.includes('&') || text.includes(']]>')
    const at = this.#cut(text)
    this.#proveTo(at)
    this.#lines.countTo(text, at)
    this.#before += at
    this.#text = text.slice(at)
    this.#bytes = this.#bytes.subarray(at)
    if (this.#text.length > xmlLimits.text) throw new NotSure()
    return this.#builder.take()
  }

  end(): CommerceRecord[] {
    if (this.#path.length > 0 || !this.#hadRoot || !onlyBlanks.test(this.#text)) throw new NotSure()
    return this.#builder.take()
  }

  /** Puts a piece behind what is left of the one before it. */
  #join(piece: Buffer | string): string {
    if (typeof piece === 'string') return (this.#text += piece)
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece])
    return (this.#text = this.#bytes.toString('latin1'))
  }

  /** What was cut ends at a tag, and so between characters. */
  #proveTo(end: number): void {
    const bytes = this.#bytes.subarray(0, end)
    if (!isUtf8(bytes) || (!this.#trusted && hasForbidden(bytes.length > 0 ? bytes : this.#text.slice(0, end)))) throw new NotSure()
  }

  /** Takes what is whole; answers where that ends. */
  #cut(text: string): number {
    let at = 0
    for (;;) {
      const tag = text.indexOf('<', at)
      if (tag < 0) return at
      const first = text.charCodeAt(tag + 1)
      if (Number.isNaN(first)) return at
      if (tag > at) this.#between(text, at, tag, first)
      const end = this.#markup(text, tag, first)
      // The text before it was taken already.
      if (end < 0) return tag
      at = end
    }
  }

  #between(text: string, at: number, tag: number, next: number): void {
    const builder = this.#builder
    if (this.#path.length === 0) {
      if (!onlyBlanks.test(text.slice(at, tag))) throw new NotSure()
    } else if (builder.passing) {
      if (this.#looks && !this.#trusted) this.#textOf(text, at, tag)
    } else if (isIndent(text, at, tag) && next !== slash && next !== exclamation && next !== question) builder.blank(tag - at)
    else builder.text(this.#textOf(text, at, tag))
  }

  #textOf(text: string, from: number, to: number): string {
    if (to - from > xmlLimits.text) throw new NotSure()
    const said = this.#decoded(text, from, to)
    if (!this.#looks) return said
    if (said.includes(']]>')) throw new NotSure()
    return unescaped(said)
  }

  #decoded(text: string, from: number, to: number): string {
    const raw = text.slice(from, to)
    return this.#bytes.length > 0 && beyondAscii.test(raw) ? this.#bytes.toString('utf8', from, to) : raw
  }

  /** What begins at a `<`; answers where it ends, or -1 when that has not come yet. */
  #markup(text: string, tag: number, first: number): number {
    if (first === slash) return this.#close(text, tag)
    if (first === question) return this.#instruction(text, tag)
    if (first === exclamation) return this.#declaration(text, tag)
    return this.#open(text, tag)
  }

  #close(text: string, tag: number): number {
    const open = this.#path.at(-1)
    if (open === undefined) throw new NotSure()
    const { close } = open
    const end = tag + close.length
    if (text.length < end) return -1
    if (text.slice(tag, end) !== close) return this.#closeWithBlanks(text, tag, close)
    this.#path.pop()
    this.#builder.close()
    return end
  }

  #closeWithBlanks(text: string, tag: number, close: string): number {
    const name = tag + close.length - 1
    if (!text.startsWith(close.slice(0, -1), tag)) throw new NotSure()
    const end = text.indexOf('>', name)
    if (end < 0) return -1
    if (!onlyBlanks.test(text.slice(name, end))) throw new NotSure()
    this.#path.pop()
    this.#builder.close()
    return end + 1
  }

  #instruction(text: string, tag: number): number {
    const end = after(text, '?>', tag + 2)
    if (end < 0) return -1
    const whole = this.#decoded(text, tag, end)
    const isFirst = this.#before + tag === 0
    if (/^<\?xml[\s?]/i.test(whole) ? !isFirst || !declaration.test(whole) : !/^<\?[A-Za-z_][\w.-]*(\s[^]*)?\?>$/.test(whole)) throw new NotSure()
    return end
  }

  #declaration(text: string, tag: number): number {
    if (text.length < tag + 9) return -1
    const isComment = text.startsWith('<!--', tag)
    if (!isComment && (!text.startsWith('<![CDATA[', tag) || this.#path.length === 0)) throw new NotSure()
    const end = isComment ? after(text, '-->', tag + 4) : after(text, ']]>', tag + 9)
    if (end < 0) return -1
    if (end - tag > xmlLimits.text) throw new NotSure()
    // XML 1.0, 2.5: "--" must not occur within comments.
    if (isComment && text.slice(tag + 4, end - 2).includes('--')) throw new NotSure()
    if (!isComment) this.#builder.text(normalized(this.#decoded(text, tag + 9, end - 3)))
    return end
  }

  #open(text: string, tag: number): number {
    const open = this.#tags.find(text, tag, this.#bytes.length > 0)
    if (!open) return -1
    const { name, attributes, selfClosed } = open
    const end = tag + open.whole.length
    const builder = this.#builder
    if (this.#path.length === 0) this.#root(name)
    if (this.#path.length >= xmlLimits.depth) throw new NotSure()
    this.#tag = tag
    if (!selfClosed && builder.building) {
      const leaf = this.#leaf(text, end, open)
      if (leaf > 0) return leaf
    }
    builder.open(name, builder.passing ? null : attributes)
    if (selfClosed) builder.close()
    else this.#path.push(open)
    return selfClosed ? end : this.#jumped(text, end, open)
  }

  #root(name: string): void {
    if (this.#hadRoot || !RecordBuilder.isRoot(name)) throw new NotSure()
    this.#hadRoot = true
  }

  /** An element that has nothing but a text, which is here as a whole: answers where it ends, else -1. */
  #leaf(text: string, from: number, { name, attributes, close }: Tag): number {
    const to = text.indexOf('<', from)
    const end = to + close.length
    if (to < 0 || text.slice(to, end) !== close) return -1
    return this.#builder.leaf(name, attributes, to === from ? '' : this.#textOf(text, from, to)) ? end : -1
  }

  /** Where to go on behind a tag: behind the whole element when it is passed over and known to be good. */
  #jumped(text: string, from: number, { close }: Tag): number {
    if (!this.#trusted || !this.#builder.passing) return from
    const end = text.indexOf(close, from)
    if (end < 0) return from
    const inner = text.slice(from, end)
    if (inner.includes('<!') || inner.includes(`<${close.slice(2, -1)}`)) return from
    this.#path.pop()
    this.#builder.close()
    return end + close.length
  }
}

const slash = 47
const question = 63
const exclamation = 33

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from)
  return at < 0 ? -1 : at + end.length
}

/** CDATA has no references, but its line ends are those of XML. */
function normalized(text: string): string {
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
}

/** Whether there is nothing but a line end and blanks. */
function isIndent(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at)
    if (code !== 9 && code !== 10 && code !== 32 && code !== 13) return false
  }
  return true
}
