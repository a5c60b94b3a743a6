import type { PostgresAddress } from '../target.ts'
import { Session } from './session.ts'

/** The connections of one target: opened when needed, kept for the next use, all closed at the end. */
export class Sessions {
  readonly #address: PostgresAddress
  readonly #open = new Set<Session>()
  readonly #free: Session[] = []

  constructor(address: PostgresAddress) {
    this.#address = address
  }

  /** A connection for the caller alone, until `release`. */
  async take(): Promise<Session> {
    const free = this.#free.pop()
    if (free?.alive) return free
    if (free) this.#open.delete(free)
    const session = await Session.connect(this.#address)
    this.#open.add(session)
    return session
  }

  release(session: Session): void {
    if (session.alive) this.#free.push(session)
    else this.#open.delete(session)
  }

  async use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.take()
    try {
      return await work(session)
    } finally {
      this.release(session)
    }
  }

  async close(): Promise<void> {
    const sessions = [...this.#open]
    this.#open.clear()
    this.#free.length = 0
    await Promise.allSettled(sessions.map(async (session) => await session.close()))
  }
}
