import { Decoder, Encoder, PacketType } from 'socket.io-parser'
import type { Packet } from 'socket.io-parser'

/**
 * What this process has sent to rooms. Socket.IO encodes a message once for all sockets of its room: noted there, it costs nothing for each of them.
 */
export class Broadcasts {
  readonly #lastSeqs = new Map<string, number>()

  /** The number of the last event of this import session that the sockets in its room were sent; 0 when none was. */
  lastSeq(importId: string): number {
    return this.#lastSeqs.get(importId) ?? 0
  }

  /** Forgets all import sessions but these. */
  keepOnly(importIds: Map<string, unknown>): void {
    for (const importId of this.#lastSeqs.keys()) if (!importIds.has(importId)) this.#lastSeqs.delete(importId)
  }

  /** Socket.IO's own parser, which notes what it encodes: the option `parser`. */
  parser(): { Encoder: new () => Pick<Encoder, 'encode'>; Decoder: typeof Decoder } {
    const note = (packet: Packet): void => this.#note(packet)
    return {
      Decoder,
      Encoder: class {
        readonly #encoder = new Encoder()

        encode(packet: Packet): ReturnType<Encoder['encode']> {
          note(packet)
          return this.#encoder.encode(packet)
        }
      },
    }
  }

  #note({ type, data }: Packet): void {
    if (type !== PacketType.EVENT) return
    const [name, message] = data as [string, unknown]
    if (name !== 'event') return
    const { importId, events } = message as { importId: string; events: { seq: number }[] }
    this.#lastSeqs.set(importId, Math.max(this.lastSeq(importId), events.at(-1)?.seq ?? 0))
  }
}
