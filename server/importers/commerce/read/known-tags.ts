import { localName, xmlLimits } from './cut-strictly.ts'
import { attributesIn, ownText, surelyName, tagEnd } from './tag-text.ts'

/** A start tag: as it stands in what is searched, the end tag that belongs to it, its local name, and its attributes. */
export type Tag = {
  whole: string
  close: string
  name: string
  attributes: Map<string, string> | null
  selfClosed: boolean
  /** What came behind it when it was last met. */
  next: Tag | null
}

/** So many different tags are remembered, and no longer ones. */
const mostTags = 20_000
const longestTag = 400

/**
 * The tags of a document, each read once. They come in the same order in each record, so that one that came behind another is looked for there first: a comparison
 * takes a fraction of what looking it up takes.
 */
export class KnownTags {
  readonly #known = new Map<string, Tag>()
  #last: Tag = { whole: '', close: '', name: '', attributes: null, selfClosed: false, next: null }

  /** The tag that begins there; null when its end has not come yet. `asBytes`: the text has a character for each byte of UTF-8. Throws NotSure. */
  find(text: string, at: number, asBytes: boolean): Tag | null {
    const { next } = this.#last
    if (next && text.slice(at, at + next.whole.length) === next.whole) return (this.#last = next)
    // One that is known has its quotes closed.
    const known = this.#known.get(text.slice(at, text.indexOf('>', at) + 1))
    if (known) return this.#met(known)
    const end = tagEnd(text, at)
    if (end < 0) return null
    const whole = text.slice(at, end + 1)
    if (this.#known.size >= mostTags || whole.length > longestTag) return readTag(whole, asBytes)
    const tag = readTag(ownText(whole), asBytes)
    this.#known.set(tag.whole, tag)
    return this.#met(tag)
  }

  #met(tag: Tag): Tag {
    this.#last.next = tag
    this.#last = tag
    return tag
  }
}

function readTag(whole: string, asBytes: boolean): Tag {
  const selfClosed = whole.endsWith('/>')
  const inner = whole.slice(1, selfClosed ? -2 : -1)
  const blank = inner.search(/[ \t\r\n]/)
  const raw = blank < 0 ? inner : inner.slice(0, blank)
  const decode = (part: string): string => (asBytes ? Buffer.from(part, 'latin1').toString() : part)
  const name = ownText(localName(surelyName(decode(raw))))
  const attributes = blank < 0 ? null : attributesIn(decode(inner.slice(blank)), xmlLimits)
  return { whole, close: ownText(`</${raw}>`), name, attributes, selfClosed, next: null }
}
