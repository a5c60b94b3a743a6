/** A piece of a log line: text as it was written, or a character that is named because it must not act. */
export type TextPart = { text: string; named: boolean }

// An operating system command, a device control or privacy string: what a terminal would take for itself, up to its end.
const commandString = /\u001B[\]PX^_][\s\S]*?(?:\u0007|\u001B\\|$)/g
// Every other escape sequence but the one that sets colours (ends with m).
const otherSequence = /\u001B\[[0-9;:?<=>!]*[ -/]*[@-ln-~]|\u001B[ -/]*[0-Z\\^-~]/g
// C0 without tab, C1, directional overrides and isolates, zero-width and invisible characters.
const acting = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028\u2029\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/

/** Removes what would steer a terminal, colours excepted. */
export function dropTerminalCommands(text: string): string {
  return text.includes('\u001B') ? text.replace(commandString, '').replace(otherSequence, '') : text
}

/** Splits text so that characters that act instead of showing can be shown by name: a line feed as ␊, a right-to-left override as U+202E. */
export function nameActing(text: string): TextPart[] {
  if (!acting.test(text)) return [{ text, named: false }]
  const parts: TextPart[] = []
  let start = 0
  for (const match of text.matchAll(new RegExp(acting, 'g'))) {
    if (match.index > start) parts.push({ text: text.slice(start, match.index), named: false })
    parts.push({ text: nameOf(match[0].charCodeAt(0)), named: true })
    start = match.index + 1
  }
  if (start < text.length) parts.push({ text: text.slice(start), named: false })
  return parts
}

function nameOf(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '␡' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
