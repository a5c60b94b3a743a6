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

/** The attributes of a tag, by local name. */
export function attributesIn(text: string): Map<string, string> | null {
  let attributes: Map<string, string> | null = null
  for (const [, name = '', double, single] of text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes ??= new Map()
    // XML 1.0, 3.3.3: a line end or tab that is written as such is a blank.
    attributes.set(name.slice(name.indexOf(':') + 1), unescaped((double ?? single ?? '').replaceAll(/\r\n|[\r\n\t]/g, ' ')))
  }
  return attributes
}

const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** A text with its line ends as XML has them and its references resolved: the five names and numbers, others are not well-formed. */
export function unescaped(text: string): string {
  const lines = text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text
  if (!lines.includes('&')) return lines
  return lines.replaceAll(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (all, decimal: string | undefined, hex: string | undefined, name: string) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return hex !== undefined ? String.fromCodePoint(Number.parseInt(hex, 16)) : (named[name] ?? all)
  })
}
