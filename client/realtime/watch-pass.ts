import type { WatchGrant } from '../../shared/protocol/views.ts'
import { ApiError } from '../api/request.ts'
import type { TokenStorage } from './token-storage.ts'
import type { Outcome, WatchServer } from './watch-types.ts'

type Parts = { importId: string; server: WatchServer; tokens: TokenStorage; onToken?: ((grant: WatchGrant) => void) | undefined }

/** The watch token of one import session on this page: taken from storage, asked for with a login, renewed, dropped. */
export class WatchPass {
  readonly #parts: Parts
  #token: string | null

  constructor(parts: Parts, given: string | undefined) {
    this.#parts = parts
    this.#token = given ?? parts.tokens.get(parts.importId)
    if (given !== undefined) parts.tokens.set(parts.importId, given)
  }

  /** Null means: by the cookies. */
  get token(): string | null {
    return this.#token
  }

  /** The token, or a new one if there is a login, or null. */
  async take(): Promise<string | null> {
    if (this.#token !== null) return this.#token
    const { importId, server } = this.#parts
    try {
      this.#store(await server.issue(importId))
    } catch (thrown) {
      if (outcomeOf(thrown).type !== 'unauthorized') throw thrown
    }
    return this.#token
  }

  /** Keeps a renewed token, and lets the server renew the watch cookie with it. */
  renew(grant: WatchGrant, signal: AbortSignal): void {
    this.#store(grant)
    // If this fails the socket goes on: the cookie matters only after a reload without a stored token.
    this.#parts.server.view(this.#parts.importId, grant.token, signal).catch(() => undefined)
  }

  drop(): void {
    this.#token = null
    this.#parts.tokens.remove(this.#parts.importId)
  }

  #store(grant: WatchGrant): void {
    this.#token = grant.token
    this.#parts.tokens.set(this.#parts.importId, grant.token)
    this.#parts.onToken?.(grant)
  }
}

/** What an error that was thrown means for the watching. */
export function outcomeOf(thrown: unknown): Outcome {
  if (!(thrown instanceof ApiError)) return { type: 'lost' }
  if (thrown.status === 401 || thrown.status === 403) return { type: 'unauthorized' }
  return thrown.status === 404 ? { type: 'missing' } : { type: 'lost' }
}
