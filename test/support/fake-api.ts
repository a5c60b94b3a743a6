import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Plugin } from 'vite'

/** An answer that a test has laid ready for a path; without a status it is cut off in the middle. One that is held waits for `/fake/release`. */
export type Prepared = { method: string; path: string; status?: number; body?: unknown; held?: boolean }
export type Asked = { method: string; path: string; query: string; idempotencyKey: string; text: string }

/**
 * An API for pages in a test of their own: answers what the test has laid ready (`PUT /fake/answers`), the last answer of a path again and again, and
 * tells what was asked (`GET /fake/asked`, which forgets it). What nobody laid ready is not there.
 */
export function fakeApi(): Plugin {
  return {
    name: 'fake-api',
    configureServer: (server) => {
      const api = new FakeApi()
      server.middlewares.use((request, response, next) => {
        const [path = '', query = ''] = request.url?.split('?') ?? []
        if (path.startsWith('/api/') || path.startsWith('/fake/')) void api.answer({ path, query }, request, response)
        else next()
      })
    },
  }
}

class FakeApi {
  #prepared: Prepared[] = []
  #asked: Asked[] = []
  /** Opened by `/fake/release`, until other answers are laid ready: what is held may come later than the word that lets it go. */
  #gate = Promise.withResolvers<void>()

  async answer({ path, query }: { path: string; query: string }, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    if (path === '/fake/answers') {
      this.#prepared = JSON.parse(body.toString('utf8')) as Prepared[]
      this.#asked = []
      this.#gate = Promise.withResolvers()
      return reply(response, 204)
    }
    if (path === '/fake/release') {
      this.#gate.resolve()
      return reply(response, 204)
    }
    if (path === '/fake/asked') return reply(response, 200, this.#asked.splice(0))
    const method = request.method ?? 'GET'
    this.#asked.push({ method, path, query, idempotencyKey: String(request.headers['idempotency-key'] ?? ''), text: body.toString('latin1') })
    const found = this.#take(method, path)
    if (!found) return reply(response, 404, { error: { code: 'not_found', message: 'Nobody laid an answer ready.', requestId: 'test' } })
    if (found.held) await this.#gate.promise
    if (found.status === undefined) cut(response)
    else reply(response, found.status, found.body)
  }

  #take(method: string, path: string): Prepared | undefined {
    const fitting = this.#prepared.filter((each) => each.method === method && each.path === path)
    const [first] = fitting
    if (first && fitting.length > 1) this.#prepared.splice(this.#prepared.indexOf(first), 1)
    return first
  }
}

/** Not before its first byte: a browser would send the request again by itself. */
function cut(response: ServerResponse): void {
  response.writeHead(201, { 'content-type': 'application/json' })
  response.write('{"outcome":', () => response.destroy())
}

function reply(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body === undefined ? undefined : JSON.stringify(body))
}
