import type { Destination, DestinationCapabilities } from '../../server/destinations/destination.ts'
import type { DestinationRules } from '../../server/destinations/open-destination.ts'

/** A place that the contract looks at from behind, to see what a destination does there. */
export type DestinationSubject = {
  open(): Promise<Destination>
  /** The same place with a login that it does not know; null for places without one. */
  openAsStranger: (() => Promise<Destination>) | null
  /** All files that are there, by their paths; also those that are under way. */
  files(): Promise<Map<string, Buffer>>
  /** Puts a file there that is somebody else's, or another one in the place of one that was delivered. */
  put(path: string, bytes: Buffer): Promise<void>
  /** Bytes that are kept there of a file that is not whole, for the next try; null where none are. */
  keptOf: ((path: string) => Promise<number>) | null
  /** The way there, which breaks; null where there is none. */
  way: { sent(): number; breakAfter(bytes: number): void; heal(): void } | null
  close(): Promise<void>
}

export type DestinationFactory = {
  name: string
  capabilities: DestinationCapabilities
  /** Whether its subject can be opened as a stranger, and has a way that breaks. */
  hasLogin: boolean
  breaks: boolean
  create: () => Promise<DestinationSubject>
}

/** What tests allow: this machine, where their servers are. */
export const testRules = (deliveriesDir = '/nowhere'): DestinationRules => ({ hosts: ['127.0.0.1'], deliveriesDir, destinationDirs: [] })
