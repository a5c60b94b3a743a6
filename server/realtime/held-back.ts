import type { Connection } from './connection.ts'

/** The connections that keep messages because the network did not take those before them: so that nobody has to look at thousands to find none. */
export class HeldBack {
  readonly #connections = new Set<Connection>()

  /** Called after each message that was given to this connection. */
  note(connection: Connection): void {
    if (connection.writeBuffer.length > 0) this.#connections.add(connection)
  }

  /** Whether there is any. */
  any(): boolean {
    for (const connection of this.#connections) {
      if (connection.readyState !== 'closed' && connection.writeBuffer.length > 0) return true
      this.#connections.delete(connection)
    }
    return false
  }
}
