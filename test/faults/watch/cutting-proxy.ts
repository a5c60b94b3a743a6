import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** The network between one watcher and the server, with its faults. */
export class CuttingProxy {
  readonly #server: Server
  readonly #pairs = new Map<Socket, Socket>()

  private constructor(port: number) {
    this.#server = createServer((near) => this.#join(near, connect(port, '127.0.0.1')))
  }

  /** In front of a server on this port, whether or not it runs. */
  static async open(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Ends all connections, for both sides. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.destroy()
      far.destroy()
    }
  }

  /** From now on nothing arrives any more, and nobody is told. */
  stall(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe()
      far.unpipe()
    }
  }

  /** The watcher's side ends; the server believes for a while that it is there, and goes on sending. */
  lose(): void {
    for (const [near, far] of this.#pairs) {
      far.unpipe()
      far.resume()
      near.removeAllListeners('close')
      near.destroy()
    }
  }

  async close(): Promise<void> {
    this.#server.close()
    this.cut()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    this.#pairs.set(near, far)
    near.pipe(far)
    far.pipe(near)
    near.on('error', ignore)
    far.on('error', ignore)
    near.on('close', () => far.destroy())
    far.on('close', () => {
      near.destroy()
      this.#pairs.delete(near)
    })
  }
}

/** A connection that broke is what this is for; `close` follows. */
function ignore(): void {}
