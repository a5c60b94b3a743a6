import type { StoredEvent } from '../../shared/protocol/views.ts'
import type { Output } from './surroundings.ts'
import { coloured, safeLine } from './terminal-text.ts'

/** Writes results, as text for people or as JSON for programs. */
export class Printer {
  readonly json: boolean
  readonly #out: Output

  constructor(out: Output, json: boolean) {
    this.#out = out
    this.json = json
  }

  /** A result: `value` as one line of JSON, or `text`. */
  result(value: unknown, text: () => string): void {
    if (this.json) this.#out.write(`${JSON.stringify(value)}\n`)
    else this.#out.write(ended(text()))
  }

  /** One event of a log: as it is, or as a line with its time, level and stream. */
  event(event: StoredEvent): void {
    this.result(event, () => eventLine(event, this.#out))
  }
}

/** On a terminal the time of day in colours; else the whole time, plain. */
export function eventLine(event: StoredEvent, out: Pick<Output, 'isTTY' | 'hasColors'>): string {
  const terminal = out.isTTY === true
  const level = event.level ?? 'info'
  const time = terminal ? event.at.slice(11, 23) : event.at
  const stream = event.stream === undefined ? '' : `[${safeLine(event.stream)}] `
  const text = event.type === 'status' ? [`status: ${event.status}`, event.message].filter(Boolean).join('. ') : (event.message ?? '')
  return coloured(`${time} ${level.toUpperCase().padEnd(7)} ${stream}${safeLine(text)}`, level, terminal && out.hasColors?.() !== false)
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
