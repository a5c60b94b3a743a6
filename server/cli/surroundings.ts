/** A stream that text is written to. `isTTY`: a person sees it as it comes; `hasColors`: in colours, unless they said NO_COLOR or their terminal has none. */
export type Output = { write(text: string): unknown; isTTY?: boolean | undefined; columns?: number | undefined; hasColors?: () => boolean }

/** Everything that a command sees of the process it runs in. `main.ts` makes the real one. */
export type Surroundings = {
  env: Record<string, string | undefined>
  /** Results. */
  out: Output
  /** Messages, progress and questions. */
  err: Output
  /** Asks the person at the terminal; null when there is none. */
  ask: ((question: string, hidden: boolean) => Promise<string>) | null
  /** Aborted by Ctrl-C. */
  interrupted: AbortSignal
  /** Starts a server, or one that only works, in a process of its own, and resolves with its exit code. */
  serve: (role: 'serve' | 'work') => Promise<number>
}

/** What the process ends with. Ctrl-C ends it with 130, as in any shell. */
export const exitCodes = { succeeded: 0, failed: 1, usage: 2, partlyFailed: 3, interrupted: 130 } as const

/** The command was not given as it must be. Ends with exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}
