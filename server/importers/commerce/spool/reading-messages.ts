import type { SentError } from '../../../targets/apart/messages.ts'
import type { Document } from '../read/documents.ts'
import type { Listening, Spoken } from './read-spoken.ts'

/** What a thread that reads a document is started with. */
export type ReadingInput = { document: Omit<Document, 'open'>; listening: Listening }

/** From the thread. `ask` wants bytes: those that come next, or, with `again`, the first ones. What is said is said before it asks on. */
export type FromReading =
  | { type: 'ask'; number: number; again: boolean }
  | { type: 'spoken'; spoken: Spoken }
  | { type: 'no xml'; head: Uint8Array }
  | { type: 'end' }
  | { type: 'failed'; error: SentError }

/** To the thread: what it asked for by that number; null at the end. */
export type ToReading = { number: number; bytes: Uint8Array | null }
