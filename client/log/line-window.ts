/** Browsers cap the height of an element; above this the list moves in its own pixels, of which the scroll bar shows a scaled picture. */
const tallest = 8_000_000

export type LineWindow = {
  /** Height of the element that gives the scroll bar its length. */
  spacer: number
  /** Pixels of the list for one pixel of the scroll bar. */
  scale: number
  /** The largest offset. */
  furthest: number
  /** Index of the first line shown, how many, and by how much the first is cut at its top. */
  first: number
  shown: number
  shift: number
}

/** What is to be seen of a list of `count` lines of one height at an offset in the list's own pixels. */
export function lineWindow({ count, lineHeight, height, offset }: { count: number; lineHeight: number; height: number; offset: number }): LineWindow {
  const whole = count * lineHeight
  const furthest = Math.max(0, whole - height)
  const at = Math.max(0, Math.min(offset, furthest))
  const first = Math.floor(at / lineHeight)
  return {
    spacer: Math.min(whole, tallest),
    scale: whole <= tallest ? 1 : furthest / (tallest - height),
    furthest,
    first,
    shown: Math.max(0, Math.min(count - first, Math.ceil(height / lineHeight) + 1)),
    shift: at % lineHeight,
  }
}

/** Where a key leads in a list, or null for keys that lead nowhere. */
export function offsetByKey(
  key: string,
  { offset, height, lineHeight, furthest }: { offset: number; height: number; lineHeight: number; furthest: number },
): number | null {
  const page = Math.max(lineHeight, height - lineHeight)
  if (key === 'ArrowUp') return offset - lineHeight
  if (key === 'ArrowDown') return offset + lineHeight
  if (key === 'PageUp') return offset - page
  if (key === 'PageDown') return offset + page
  if (key === 'Home') return 0
  return key === 'End' ? furthest : null
}
