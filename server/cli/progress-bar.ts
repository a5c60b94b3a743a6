import type { Ledger, Progress } from '../../shared/protocol/views.ts'
import type { Output } from './surroundings.ts'
import { safeLine } from './terminal-text.ts'

const count = new Intl.NumberFormat('en')
const clearLine = '\r\u001b[2K'

/** Shows how far a run is: one line that is drawn anew on a terminal; elsewhere a plain line each time another tenth is done or another step begins. */
export class ProgressBar {
  readonly #out: Output
  #shown = ''
  #lastTenth = -1
  #lastStep = ''

  constructor(out: Output) {
    this.#out = out
  }

  show(progress: Progress, ledger: Ledger): void {
    if (this.#out.isTTY === true) this.#draw(progressLine(progress, ledger, this.#out.columns ?? 80))
    else this.#note(progress, ledger)
  }

  /** Takes the bar away, so that a line can be written in its place. */
  hide(): void {
    if (this.#shown !== '') this.#out.write(clearLine)
    this.#shown = ''
  }

  #draw(line: string): void {
    if (line !== this.#shown) this.#out.write(`${clearLine}${line}`)
    this.#shown = line
  }

  #note(progress: Progress, ledger: Ledger): void {
    const tenth = Math.floor((progress.percent ?? 0) / 10)
    const step = progress.step?.name ?? ''
    if (tenth <= this.#lastTenth && step === this.#lastStep) return
    this.#lastTenth = Math.max(tenth, this.#lastTenth)
    this.#lastStep = step
    this.#out.write(`progress: ${figures(progress, ledger).join(', ')}\n`)
  }
}

/** The bar with its figures, cut to the width. */
export function progressLine(progress: Progress, ledger: Ledger, columns: number): string {
  const text = figures(progress, ledger).join('  ')
  const room = Math.min(30, columns - text.length - 4)
  const bar = progress.percent === null || room < 8 ? '' : `${drawBar(progress.percent, room)} `
  return `${bar}${text}`.slice(0, columns - 1)
}

function drawBar(percent: number, width: number): string {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

function figures(progress: Progress, ledger: Ledger): string[] {
  const { percent, done, total, unit, rate, etaMs, step, current } = progress
  return [
    percent === null ? '' : `${Math.floor(percent)} %`,
    `${count.format(done)}${total === null ? '' : `/${count.format(total)}`} ${unit}`,
    ledger.failed > 0 ? `${count.format(ledger.failed)} failed` : '',
    rate === null ? '' : `${count.format(Math.round(rate))}/s`,
    etaMs === null ? '' : `${duration(etaMs)} left`,
    step ? `${safeLine(step.name)} (${step.index}/${step.count})` : '',
    current === undefined ? '' : safeLine(current),
  ].filter((part) => part !== '')
}

/** Milliseconds as `7 s`, `3:05 min`, `2:03:05 h`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const two = (value: number): string => String(value).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}:${two(seconds % 60)} min`
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)} h`
}
