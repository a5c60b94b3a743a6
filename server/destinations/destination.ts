import type { Readable } from 'node:stream'

/**
 * A file to be delivered. Its bytes are given from any position, as often as asked for; they are the same each time. `file`: the path where all of them lie on this machine, for those who can
 * have the system copy it; absent where they are to go through here.
 */
export type Content = ((start: number) => Readable) & { file?: string }

export type DeliveryOrder = {
  /** Where it goes, below the account's own place: parts of a name with `/` between, checked by `requirePath`. */
  path: string
  size: number
  /** Hex. */
  sha256: string
  /** The same for every try of one delivery, another for every other: what a former try left is found again by it. */
  idempotencyKey: string
}

export type Transfer = {
  /** Stops the delivery: it fails with the signal's reason, soon. */
  signal: AbortSignal
  /** Bytes of the file that are at the destination or on their way there, those of former tries counted. */
  progress: (bytes: number) => void
}

/** `already_there`: a former try had delivered it, and nothing was sent. `resumedAt`: bytes of former tries that were not sent again. */
export type Delivered = { outcome: 'delivered' | 'already_there'; resumedAt: number }

/** What a verification could compare: all bytes by their checksum, their number alone, or nothing at all. */
export type Verified = { compared: 'content' | 'size' | 'nothing' }

export type DestinationCapabilities = {
  /** A delivery that broke off goes on where it stopped. */
  resumable: boolean
  /** The most that `verify` compares. */
  verifies: Verified['compared']
  /** A file under its final name is whole. Where this is false, only the other side can see to that. */
  hidesUnfinished: boolean
  /** A path where another file lies is refused. Where this is false, the other side decides. */
  keepsOthers: boolean
}

/** How a destination was found. `hostKey`: fingerprint of the key that the server showed, for protocols that have one. */
export type ProbeAnswer = { description: string; hostKey?: string }

/**
 * A place that files are delivered to, with its login. Several deliveries may be under way at once.
 *
 * A file is sent under a name of its own and gets its final one when all of it has arrived: nobody sees a half file (`hidesUnfinished`). What lies there
 * already is never replaced. The same order again (same key) goes on where the former try stopped, or finds that it had come to its end; so a caller that
 * does not know how a try ended just tries again.
 *
 * Failures are AppErrors:
 * - `destination_login_refused`: no delivery to this account can succeed until somebody corrects it;
 * - `destination_unreachable`: may go through later (`retryable`), not before `details.retryAfterMs` when the other side said so;
 * - `destination_full`: no room; `destination_too_large`: no room for files of that size;
 * - `destination_refused`: this file is refused for good: the path, a right, another file in its place, a host that must not be reached;
 * - `destination_damaged`: what is there is not what was sent;
 * - what reading the content throws, as it is.
 */
export type Destination = {
  readonly capabilities: DestinationCapabilities
  /** Tries what deliveries need: logs in, writes a small file and removes it, as far as the protocol can. */
  probe(signal: AbortSignal): Promise<ProbeAnswer>
  deliver(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<Delivered>
  /** Throws `destination_damaged` when the file is not there or is another one. */
  verify(order: DeliveryOrder, signal: AbortSignal): Promise<Verified>
  /** Takes away what this order had delivered, and `verify` found damaged. Does nothing where only the other side can. */
  withdraw(order: DeliveryOrder, signal: AbortSignal): Promise<void>
  /** Removes what tries of this order left unfinished. What can't be removed stays. */
  abandon(order: DeliveryOrder): Promise<void>
  close(): Promise<void>
}
