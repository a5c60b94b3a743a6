/** The middle of the numbers, or what lies between the two in the middle. Throws when there are none. */
export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]]
  if (low === undefined || high === undefined) throw new Error('there is no median of no numbers')
  return (low + high) / 2
}
