/** How large the parts of the matrix are, in pixels. */
export type MatrixSizes = {
  /** Of a row, and of a column. */ row: number
  column: number
  /** Width of the names of rows. */ side: number
  head: number
}

/** A part of one direction of the matrix: the place of the first line shown and how many are. */
export type Span = { first: number; count: number }

/** Lines that are drawn beyond the edge, so that a quick hand does not see them come. */
const beyond = 3
const narrowest = 52
const enough = 168
/** Of a pixel: what is rounded off is not seen as a gap. */
const fraction = 1 / 64

/** What is seen of `lines` of one size in `room` pixels after `offset` pixels. */
export function spanOf({ lines, size, room, offset }: { lines: number; size: number; room: number; offset: number }): Span {
  const first = Math.max(0, Math.min(lines, Math.floor(offset / size) - beyond))
  const last = Math.min(lines, Math.ceil((offset + Math.max(0, room)) / size) + beyond)
  return { first, count: Math.max(0, last - first) }
}

/** Columns share the width, of which few of them leave more to names; where they would get too narrow the matrix is wider than its box. Names over narrow ones stand upright. */
export function matrixSizes(width: number, columns: number): MatrixSizes {
  const side = width < 560 ? 132 : Math.max(240, Math.min(440, width - columns * enough))
  const column = Math.max(narrowest, Math.floor((width - side) / Math.max(1, columns) / fraction) * fraction)
  return { row: 36, column, side, head: column < 100 ? 132 : 60 }
}

/** Where to scroll so that a line can be seen whole: the offset, or another. */
export function revealing({ line, size, room, offset }: { line: number; size: number; room: number; offset: number }): number {
  if (line < 0) return 0
  const start = line * size
  if (start < offset) return start
  return start + size > offset + room ? start + size - room : offset
}

export type MatrixPlace = { row: number; column: number }

/**
 * Where a key leads from a place, or null for keys that lead nowhere. Row and column -1 are the names. `right`: the direction in which columns go on.
 * @param page rows that are seen at once
 */
export function placeByKey(
  { key, ctrlKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey'>,
  at: MatrixPlace,
  { rows, columns, page, rightToLeft }: { rows: number; columns: number; page: number; rightToLeft: boolean },
): MatrixPlace | null {
  const to = (row: number, column: number): MatrixPlace => ({ row: clamp(row, rows), column: clamp(column, columns) })
  const forward = rightToLeft ? 'ArrowLeft' : 'ArrowRight'
  const back = rightToLeft ? 'ArrowRight' : 'ArrowLeft'
  if (key === forward) return to(at.row, at.column + 1)
  if (key === back) return to(at.row, at.column - 1)
  if (key === 'ArrowDown') return to(at.row + 1, at.column)
  if (key === 'ArrowUp') return to(at.row - 1, at.column)
  if (key === 'PageDown') return to(at.row + page, at.column)
  if (key === 'PageUp') return to(Math.max(0, at.row - page), at.column)
  if (key === 'Home') return to(ctrlKey ? 0 : at.row, 0)
  return key === 'End' ? to(ctrlKey ? rows - 1 : at.row, columns - 1) : null
}

function clamp(line: number, lines: number): number {
  return Math.max(-1, Math.min(line, lines - 1))
}
