import { paths } from '../../shared/protocol/paths.ts'
import type { EventPage, HistoryPage, ImportView, LogLevel, RejectedRecord, WatchGrant, WatchTokenView } from '../../shared/protocol/views.ts'
import type { HistoryQuery } from '../../shared/schemas/requests.ts'
import { request, send } from './request.ts'

/** How a watched import session is read: by its token, else by a cookie; by the page itself unless a person asked. */
export type Reading = { token?: string | null | undefined; background?: boolean; signal?: AbortSignal | undefined }

export async function listImports(query: Partial<HistoryQuery>, reading: Reading = {}): Promise<HistoryPage> {
  return await request<HistoryPage>(paths.imports, { query, ...reading })
}

export async function getImport(importId: string, reading: Reading = {}): Promise<ImportView> {
  return (await request<{ import: ImportView }>(paths.import(importId), reading)).import
}

export type EventFilter = { level?: readonly LogLevel[] | undefined; stream?: string | undefined; file?: number | undefined; q?: string | undefined }

/** Stored events after a `seq`, at most 1,000. */
export async function getEvents(importId: string, query: { after: number; limit?: number } & EventFilter, reading: Reading = {}): Promise<EventPage> {
  return await request<EventPage>(paths.events(importId), { query, ...reading })
}

export async function cancelImport(importId: string): Promise<void> {
  await request(paths.cancel(importId), { method: 'POST', body: {} })
}

/** Lets a run go on that waits for a person. */
export async function continueImport(importId: string): Promise<void> {
  await request(paths.continue(importId), { method: 'POST', body: {} })
}

export async function retryImport(importId: string, only: 'failed' | 'all'): Promise<void> {
  await request(paths.retry(importId), { method: 'POST', body: { only } })
}

/** The first rejected records, read from the stream until `limit` of them are there; the rest is not transferred. */
export async function getRejected(importId: string, limit: number, reading: Reading = {}): Promise<{ records: RejectedRecord[]; more: boolean }> {
  const response = await send(paths.rejected(importId), reading)
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const lines: string[] = []
  let rest = ''
  while (reader && lines.length <= limit) {
    const { done, value } = await reader.read()
    const parts = (rest + (value ?? '')).split('\n')
    rest = done ? '' : (parts.pop() ?? '')
    lines.push(...parts.filter((line) => line !== ''))
    if (done) break
  }
  await reader?.cancel()
  return { records: lines.slice(0, limit).map((line) => JSON.parse(line) as RejectedRecord), more: lines.length > limit }
}

export async function issueWatchToken(importId: string): Promise<WatchGrant> {
  return await request<WatchGrant>(paths.watchTokens(importId), { method: 'POST', background: true })
}

export async function listWatchTokens(importId: string): Promise<WatchTokenView[]> {
  return (await request<{ items: WatchTokenView[] }>(paths.watchTokens(importId))).items
}

/** Revokes one watch token, or all of the import session. */
export async function revokeWatchTokens(importId: string, tokenId?: string): Promise<void> {
  await request(tokenId === undefined ? paths.watchTokens(importId) : paths.watchToken(importId, tokenId), { method: 'DELETE' })
}
