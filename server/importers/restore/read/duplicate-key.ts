/** A key that the record, or the object under its `fields`, names twice; null when there is none. The text is valid JSON. */
export function findDuplicateKey(text: string): string | null {
  // Strings, and the marks that are outside of them.
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs
  const seen: Set<string>[] = [new Set(), new Set()]
  let depth = 0
  let within = ''
  let last = ''
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (token === ':') {
      const key = JSON.parse(last) as string
      if (depth === 1) within = key
      if (depth === 1 && key === 'fields') seen[1]!.clear()
      if (depth === 1 || (depth === 2 && within === 'fields')) {
        if (seen[depth - 1]!.has(key)) return key
        seen[depth - 1]!.add(key)
      }
    }
    last = token
  }
  return null
}
