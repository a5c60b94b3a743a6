import { paths } from '../../shared/protocol/paths.ts'
import type { EventPage, StoredEvent } from '../../shared/protocol/views.ts'
import type { Api } from './api.ts'

/** The stored events of an import session, page by page, as far as they go now. */
export async function* eventPages(
  api: Api,
  importId: string,
  filter: { level?: string | undefined; stream?: string | undefined; file?: string | undefined } = {},
): AsyncGenerator<StoredEvent[]> {
  let after = 0
  for (;;) {
    const page = await api.get<EventPage>(paths.events(importId), { ...filter, after: String(after) })
    if (page.events.length > 0) yield page.events
    if (!page.more || page.events.length === 0) return
    after = page.events.at(-1)!.seq
  }
}
