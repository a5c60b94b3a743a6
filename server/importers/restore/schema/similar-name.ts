/** The name that was probably meant: the nearest by edits, if it is near. */
export function similarName(name: string, names: string[]): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), least)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** Levenshtein's distance; anything of `limit` or more is `limit`. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit
  let former = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let at = 1; at <= to.length; at += 1) {
      const change = (former[at - 1] ?? 0) + (from[row - 1] === to[at - 1] ? 0 : 1)
      current.push(Math.min(change, (former[at] ?? 0) + 1, (current[at - 1] ?? 0) + 1))
    }
    former = current
  }
  return Math.min(former[to.length] ?? limit, limit)
}
