import type { StoredEvent } from '../../shared/protocol/views.ts'

/** A log line as text: number, time, level, stream, message. One event is one line, whatever its message holds. */
export function logLine(event: StoredEvent): string {
  const level = (event.level ?? 'info').toUpperCase().padEnd(7)
  const stream = event.stream ? ` [${oneLine(event.stream)}]` : ''
  const text = event.type === 'status' ? `status: ${event.status}${event.message ? `. ${event.message}` : ''}` : (event.message ?? '')
  return `${event.seq}\t${event.at}\t${level}${stream}\t${oneLine(text)}\n`
}

// A line break or a control character inside a message must not make two lines of one event, nor move a terminal's cursor.
function oneLine(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replace(
      /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
}
