import { Watcher } from '../../support/watcher.ts'

/** Watches over sockets alone, and never asks over HTTP: whatever gap the sockets leave stays one. Comes back when it was cut. */
export class ReturningSocket {
  readonly watcher: Watcher
  #open = true

  constructor(url: string, importId: string, token: string) {
    this.watcher = new Watcher(url, importId, { token })
    this.#listen()
  }

  close(): void {
    this.#open = false
    this.watcher.close()
  }

  #listen(): void {
    const again = (): void => {
      if (!this.#open) return
      setTimeout(() => {
        if (!this.#open) return
        this.watcher.reconnect()
        this.#listen()
      }, 200)
    }
    const { socket } = this.watcher
    let gone = false
    const once = (): void => {
      if (!gone) again()
      gone = true
    }
    socket.on('disconnect', once)
    socket.on('connect_error', once)
  }
}
