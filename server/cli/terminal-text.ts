import type { LogLevel } from '../../shared/protocol/views.ts'

// CSI and OSC sequences, other two-character escapes, then every control character and mark that turns the direction of text.
const escapes = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -~]?/g
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from outside as one line that can do nothing to a terminal. Line breaks become a sign, tabs a blank; all other controls are dropped. */
export function safeLine(text: string): string {
  return text.replace(escapes, '').replace(/\r?\n/g, ' ⏎ ').replaceAll('\t', ' ').replace(controls, '')
}

const levelColours: Record<LogLevel, number> = { debug: 2, info: 0, warning: 33, error: 31 }

/** Colours the text as a log line of that level, when `colours` is on. */
export function coloured(text: string, level: LogLevel, colours: boolean): string {
  const colour = levelColours[level]
  return colours && colour !== 0 ? `\u001b[${colour}m${text}\u001b[0m` : text
}

/** Lines of cells, each column as wide as its widest cell; the last cell is not padded. */
export function table(rows: string[][]): string {
  const widths = rows.reduce<number[]>((found, row) => row.map((cell, column) => Math.max(found[column] ?? 0, cell.length)), [])
  return rows.map((row) => `${row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column]!) : cell)).join('  ')}\n`).join('')
}
