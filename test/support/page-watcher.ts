import { EventEmitter, once } from 'node:events'
import { errorOf } from '../../client/api/request.ts'
import type { TokenStorage } from '../../client/realtime/token-storage.ts'
import { watchImport } from '../../client/realtime/watch-client.ts'
import type { Watch } from '../../client/realtime/watch-client.ts'
import type { WatchServer, WatchState } from '../../client/realtime/watch-types.ts'
import { paths, watchTokenHeader } from '../../shared/protocol/paths.ts'
import type { RevokeReason } from '../../shared/protocol/events.ts'
import type { EventPage, ImportView, StoredEvent, WatchGrant } from '../../shared/protocol/views.ts'
import type { ApiClient } from './api-client.ts'

/** What the watch client asks over HTTP, with the cookies of this client. */
function watchServer(api: ApiClient): WatchServer {
  const ask = async <T>(method: string, path: string, token: string | null): Promise<T> => {
    const call = token === null ? {} : { headers: { [watchTokenHeader]: token } }
    const answer = await api.request<T>(method, path, call).catch(() => null)
    if (!answer) throw errorOf(503, '', null)
    if (answer.status >= 400) throw errorOf(answer.status, answer.text, null)
    return answer.body
  }
  return {
    view: async (id, token) => (await ask<{ import: ImportView }>('GET', paths.import(id), token)).import,
    events: async (id, after, token) => await ask<EventPage>('GET', `${paths.events(id)}?after=${after}`, token),
    issue: async (id) => await ask<WatchGrant>('POST', paths.watchTokens(id), null),
  }
}

export class MemoryTokens implements TokenStorage {
  readonly kept = new Map<string, string>()
  readonly get = (importId: string): string | null => this.kept.get(importId) ?? null
  readonly set = (importId: string, token: string): void => void this.kept.set(importId, token)
  readonly remove = (importId: string): void => void this.kept.delete(importId)
  readonly clear = (): void => this.kept.clear()
}

type Start = { token?: string; tokens?: TokenStorage; after?: number; url?: string }

/** The page's own watch client against a running application, and all that it told. */
export class PageWatcher {
  readonly events: StoredEvent[] = []
  readonly states: WatchState[] = []
  readonly reasons: (RevokeReason | undefined)[] = []
  readonly granted: WatchGrant[] = []
  readonly tokens: TokenStorage
  readonly watch: Watch
  view: ImportView | undefined
  readonly #changed = new EventEmitter()

  constructor(api: ApiClient, importId: string, { token, tokens = new MemoryTokens(), after = 0, url = api.url }: Start = {}) {
    this.tokens = tokens
    this.watch = watchImport({
      importId,
      token,
      after,
      url,
      tokens,
      server: watchServer(api),
      pollEveryMs: 20,
      onEvents: (events) => this.#note(() => this.events.push(...events)),
      onProgress: () => this.#note(() => undefined),
      onImport: (view) => this.#note(() => (this.view = view)),
      onState: (state, reason) => this.#note(() => (this.states.push(state), this.reasons.push(reason))),
      onToken: (grant) => this.#note(() => this.granted.push(grant)),
    })
  }

  get state(): WatchState | undefined {
    return this.states.at(-1)
  }

  get seqs(): number[] {
    return this.events.map(({ seq }) => seq)
  }

  /** Resolves when the condition holds, looked at after everything that comes. */
  async until(condition: (watcher: this) => boolean): Promise<void> {
    while (!condition(this)) await once(this.#changed, 'change')
  }

  async untilState(state: WatchState): Promise<void> {
    await this.until((watcher) => watcher.state === state)
  }

  #note(change: () => unknown): void {
    change()
    this.#changed.emit('change')
  }
}
