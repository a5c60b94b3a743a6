import { EventEmitter, once } from 'node:events'
import { runCli } from '../../../server/cli/cli.ts'
import type { Output, Surroundings } from '../../../server/cli/surroundings.ts'
import { adminLogin, adminPassword } from '../../support/start-app.ts'

/** What a command wrote, and what it ended with. */
export type Finished = { code: number; out: string; err: string }

/** A command that runs in this process, with streams that a test can read. */
export class CommandLine {
  readonly out: CollectedOutput
  readonly err: CollectedOutput
  readonly done: Promise<Finished>
  readonly #interrupt = new AbortController()

  constructor(args: string[], options: { env?: Record<string, string>; terminal?: boolean; answers?: string[]; serve?: () => Promise<number> } = {}) {
    this.out = new CollectedOutput(options.terminal)
    this.err = new CollectedOutput(options.terminal)
    const answers = [...(options.answers ?? [])]
    const surroundings: Surroundings = {
      env: options.env ?? {},
      out: this.out,
      err: this.err,
      ask: options.answers ? (question) => Promise.resolve(this.#answer(question, answers)) : null,
      interrupted: this.#interrupt.signal,
      serve: options.serve ?? (() => Promise.resolve(0)),
    }
    this.done = runCli(args, surroundings).then((code) => ({ code, out: this.out.text, err: this.err.text }))
  }

  interrupt(): void {
    this.#interrupt.abort(new Error('Interrupted.'))
  }

  #answer(question: string, answers: string[]): string {
    this.err.write(question)
    return answers.shift() ?? ''
  }
}

class CollectedOutput implements Output {
  text = ''
  readonly isTTY: boolean
  readonly columns = 100
  readonly #written = new EventEmitter()

  constructor(terminal = false) {
    this.isTTY = terminal
  }

  write(text: string): void {
    this.text += text
    this.#written.emit('write')
  }

  /** Resolves when the text so far fits. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await once(this.#written, 'write')
  }
}

/** The environment of a command that acts as the administrator of the server at `url`. */
export function asAdmin(url: string): Record<string, string> {
  return { INTAKE_URL: url, INTAKE_LOGIN: adminLogin, INTAKE_PASSWORD: adminPassword }
}

/** Each line of JSON that was written. */
export function jsonLines<T = Record<string, unknown>>(text: string): T[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}
