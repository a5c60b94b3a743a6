/** Whether a price moved by more than `percent` of what it was; both are decimal texts. From nothing to something is far. */
export function movedFar(before: string, after: string, percent: number): boolean {
  const [old, next] = scaled(before, after)
  const moved = next > old ? next - old : old - next
  // Percents have at most two places, so that whole numbers can be compared.
  return moved * 10_000n > old * BigInt(Math.round(percent * 100))
}

/** Both as whole numbers of the smaller unit. */
function scaled(...numbers: [string, string]): [bigint, bigint] {
  const places = Math.max(...numbers.map((text) => text.split('.')[1]?.length ?? 0))
  const [one, other] = numbers.map((text) => {
    const [whole = '0', fraction = ''] = text.split('.')
    return BigInt(whole + fraction.padEnd(places, '0'))
  })
  return [one ?? 0n, other ?? 0n]
}
