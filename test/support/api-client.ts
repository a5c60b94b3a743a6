import { paths } from '../../shared/protocol/paths.ts'
import type { EventPage, ImportView, StartAnswer, StoredEvent } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import { CookieJar } from './cookie-jar.ts'
import type { Script } from './scripted/script.ts'

export type Answer<T = Record<string, unknown>> = { status: number; headers: Headers; text: string; body: T }

export type StartOptions = {
  name?: string
  kind?: string
  target?: string
  options?: Record<string, unknown>
  headers?: Record<string, string>
}

/** Speaks the public API as a browser does: keeps cookies by their paths, and follows no redirect. */
export class ApiClient {
  readonly url: string
  readonly cookies = new CookieJar()

  constructor(url: string) {
    this.url = url
  }

  async login(login: string, password: string): Promise<this> {
    const { status, text } = await this.request('POST', paths.login, { json: { login, password } })
    if (status !== 200) throw new Error(`login answered ${status}: ${text}`)
    return this
  }

  async request<T = Record<string, unknown>>(
    method: string,
    path: string,
    { json, body, headers = {} }: { json?: unknown; body?: RequestInit['body']; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const cookie = this.cookies.header(path)
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: { ...(cookie && { cookie }), ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(body !== undefined && { body }),
    })
    this.cookies.take(response.headers)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: parse(text) as T }
  }

  async get<T = Record<string, unknown>>(path: string, headers?: Record<string, string>): Promise<Answer<T>> {
    return await this.request<T>('GET', path, headers ? { headers } : {})
  }

  /** POST /imports with one file; answers whatever the server says. */
  async start(content: string | Uint8Array<ArrayBuffer>, start: StartOptions = {}): Promise<Answer<StartAnswer>> {
    const form = new FormData()
    form.set('kind', start.kind ?? 'restore')
    form.set('target', start.target ?? 'main')
    form.set('options', JSON.stringify(start.options ?? {}))
    form.set('file', new Blob([content]), start.name ?? 'file.json')
    return await this.request<StartAnswer>('POST', paths.imports, { body: form, ...(start.headers && { headers: start.headers }) })
  }

  /** Starts a run that does what the script says. Throws unless it was started. */
  async startScript(script: Script, start: StartOptions = {}): Promise<StartAnswer> {
    const { status, text, body } = await this.start(JSON.stringify(script), { kind: 'table', name: 'script.json', ...start })
    if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
    return body
  }

  /** Adds an SQLite target of its own to run on; answers its id. */
  async addTarget(name: string): Promise<string> {
    const { status, text, body } = await this.request<{ target: { id: string } }>('POST', paths.targets, { json: { name, url: `sqlite:${name}.db` } })
    if (status !== 201) throw new Error(`the target answered ${status}: ${text}`)
    return body.target.id
  }

  async import(importId: string): Promise<ImportView> {
    return (await this.get<{ import: ImportView }>(paths.import(importId))).body.import
  }

  /** The whole stored log, page by page. */
  async events(importId: string): Promise<StoredEvent[]> {
    const events: StoredEvent[] = []
    for (;;) {
      const { body } = await this.get<EventPage>(`${paths.events(importId)}?after=${events.at(-1)?.seq ?? 0}`)
      events.push(...body.events)
      if (!body.more) return events
    }
  }

  /** The import session once it has ended. Follows its log, which ends with it. */
  async ended(importId: string): Promise<ImportView> {
    for (;;) {
      await this.get(`${paths.log(importId)}?follow=1`)
      const view = await this.import(importId)
      if (isFinal(view.status)) return view
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
