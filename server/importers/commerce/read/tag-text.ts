/** A text of which it is not sure that it is well-formed: it has to be read to the letter. */
export class NotSure extends Error {
  override readonly name = 'NotSure'
}

// XML 1.0, 2.2; halves of surrogate pairs do not come out of a decoder that refuses them.
const forbidden = /[\u0000-\u0008\v\f\u000e-\u001f\ufffe\uffff]/
const forbiddenBytes = Array.from({ length: 32 }, (_, code) => code).filter((code) => forbidden.test(String.fromCharCode(code)))

/** Whether there is a character that no document may have. Bytes are of UTF-8; each search through them is many times as fast as a pattern. */
export function hasForbidden(piece: Buffer | string): boolean {
  if (typeof piece === 'string') return forbidden.test(piece)
  return forbiddenBytes.some((byte) => piece.includes(byte)) || piece.includes('\ufffe') || piece.includes('\uffff')
}

/**
 * The same text, apart from the longer one that it was cut from, which would be kept in memory with it. It is the one that equal property names are, too, so that
 * comparing it with a word of the program compares no characters.
 */
export function ownText(text: string): string {
  return Object.keys({ [text]: null })[0] ?? text
}

/** Where the tag ends that begins at `tag`: the `>` outside of quotes, or -1 when it has not come yet. */
export function tagEnd(text: string, tag: number): number {
  let end = text.indexOf('>', tag)
  if (end < 0) return -1
  const inner = text.slice(tag, end)
  if (!inner.includes('"') && !inner.includes("'")) return end
  const quote = /["']/g
  quote.lastIndex = tag
  for (let open = quote.exec(text); open && open.index < end; open = quote.exec(text)) {
    const close = text.indexOf(open[0], open.index + 1)
    if (close < 0) return -1
    if (close > end) end = text.indexOf('>', close)
    if (end < 0) return -1
    quote.lastIndex = close + 1
  }
  return end
}

// Of the names that XML allows those that exports have: Latin and Cyrillic.
const letters = 'A-Za-z_\\u0400-\\u04ff'
const name = `[${letters}][${letters}0-9.:\\-]*`
const wholeName = new RegExp(`^${name}$`)
const oneAttribute = new RegExp(`\\s+(${name})\\s*=\\s*(?:"([^<"]*)"|'([^<']*)')`, 'y')
const blanks = /^\s*$/
// XML 1.0, 2.3: no-break spaces and the like are none.
const otherBlank = /[\v\f\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/

/** Throws NotSure for what may be no name. */
export function surelyName(text: string): string {
  if (!wholeName.test(text)) throw new NotSure()
  return text
}

export type AttributeLimits = { attributes: number; text: number }

/** The attributes of a tag, by local name: what stands behind its name. Throws NotSure. */
export function attributesIn(text: string, limits: AttributeLimits): Map<string, string> | null {
  if (text === '') return null
  const attributes = new Map<string, string>()
  const names = new Set<string>()
  let at = 0
  for (;;) {
    oneAttribute.lastIndex = at
    const match = oneAttribute.exec(text)
    if (!match) break
    const [whole, raw = '', double, single] = match
    const value = double ?? single ?? ''
    if (names.has(raw) || names.size >= limits.attributes || value.length > limits.text) throw new NotSure()
    names.add(raw)
    // XML 1.0, 3.3.3: a line end or tab that is written as such is a blank.
    attributes.set(raw.slice(raw.indexOf(':') + 1), unescaped(value.replaceAll(/\r\n|[\r\n\t]/g, ' ')))
    at += whole.length
  }
  if (!blanks.test(text.slice(at)) || (otherBlank.test(text) && hasOtherBlanks(text))) throw new NotSure()
  return names.size === 0 ? null : attributes
}

/** Whether there are such blanks outside of the values. */
function hasOtherBlanks(text: string): boolean {
  return otherBlank.test(text.replaceAll(/"[^"]*"|'[^']*'/g, ''))
}

const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** A text with its line ends as XML has them and its references resolved: the five names and numbers. Throws NotSure for others. */
export function unescaped(text: string): string {
  const lines = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  if (!lines.includes('&')) return lines
  return lines.replaceAll(/&(?:#(\d+);|#x([\da-fA-F]+);|(lt|gt|amp|quot|apos);)?/g, (all, decimal?: string, hex?: string, word?: string) => {
    if (decimal !== undefined) return character(Number(decimal))
    if (hex !== undefined) return character(Number.parseInt(hex, 16))
    if (word === undefined) throw new NotSure()
    return named[word] ?? all
  })
}

/** XML 1.0, 2.2: characters that a document may have. */
function character(code: number): string {
  const allowed =
    code >= 0x20
      ? (code < 0xd800 || code > 0xdfff) && code !== 0xfffe && code !== 0xffff && code <= 0x10ffff
      : code === 9 || code === 10 || code === 13
  if (!allowed) throw new NotSure()
  return String.fromCodePoint(code)
}
