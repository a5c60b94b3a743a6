import { AppError, messageOf } from '../errors.ts'
import { errorStatus } from '../../shared/protocol/errors.ts'
import type { ErrorCode } from '../../shared/protocol/errors.ts'
import { loginCookie, paths, watchTokenHeader } from '../../shared/protocol/paths.ts'
import type { StreamedBody } from './upload-body.ts'

/** How a command may act: as somebody who logs in, or as the bearer of a watch token, who may only watch one import session. */
export type Right = { type: 'login'; login: string; password: string } | { type: 'token'; token: string }

type Sent = { json?: unknown; body?: StreamedBody; headers?: Record<string, string>; query?: Record<string, string | undefined> }

/** Speaks the public HTTP API of a server. What it refuses is thrown as the AppError that it says. */
export class Api {
  readonly url: string
  readonly #right: Right
  readonly #signal: AbortSignal
  #cookie: string | null = null

  /** `url`: of the server, without `/api`. */
  constructor(url: string, right: Right, signal: AbortSignal) {
    this.url = url
    this.#right = right
    this.#signal = signal
  }

  get watchToken(): string | null {
    return this.#right.type === 'token' ? this.#right.token : null
  }

  async get<T>(path: string, query: Record<string, string | undefined> = {}): Promise<T> {
    return (await (await this.open('GET', path, { query })).json()) as T
  }

  async post<T>(path: string, sent: Omit<Sent, 'query'> = {}): Promise<T> {
    return (await (await this.open('POST', path, sent)).json()) as T
  }

  async patch<T>(path: string, json: unknown): Promise<T> {
    return (await (await this.open('PATCH', path, { json })).json()) as T
  }

  async delete(path: string): Promise<void> {
    await this.open('DELETE', path)
  }

  /** The answer itself, for those that are read as a stream. */
  async open(method: string, path: string, sent: Sent = {}): Promise<Response> {
    if (this.#right.type === 'login') this.#cookie ??= await this.#logIn(this.#right)
    return await this.#send(method, path, sent)
  }

  /** Ends the login that was made for this command, also one that was interrupted. That the server does not answer any more is of no interest. */
  async close(): Promise<void> {
    if (this.#cookie === null) return
    await this.#send('POST', paths.logout, { json: {} }, AbortSignal.timeout(2000)).catch(() => undefined)
    this.#cookie = null
  }

  async #logIn({ login, password }: { login: string; password: string }): Promise<string> {
    const response = await this.#send('POST', paths.login, { json: { login, password } })
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith(`${loginCookie}=`))
    if (cookie === undefined) throw new AppError('internal', `${this.url} took the login but gave no cookie. Is it an Intake server?`)
    return cookie.split(';', 1)[0]!
  }

  async #send(method: string, path: string, { json, body, headers = {}, query = {} }: Sent, signal = this.#signal): Promise<Response> {
    const url = new URL(this.url + path)
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value)
    const response = await this.#fetch(url, {
      method,
      redirect: 'error',
      signal,
      headers: { ...headers, ...this.#rightHeaders(), ...body?.headers, ...(json !== undefined && { 'Content-Type': 'application/json' }) },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(body && { body: ReadableStream.from(body.chunks), duplex: 'half' }),
    })
    if (!response.ok) throw await refusal(response, this.url)
    return response
  }

  #rightHeaders(): Record<string, string> {
    if (this.#right.type === 'token') return { [watchTokenHeader]: this.#right.token }
    return this.#cookie === null ? {} : { Cookie: this.#cookie }
  }

  async #fetch(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init)
    } catch (error) {
      if (this.#signal.aborted) throw error
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      throw new AppError('unavailable', `There is no answer from ${this.url}: ${messageOf(cause)}`, { cause: error })
    }
  }
}

async function refusal(response: Response, url: string): Promise<AppError> {
  const text = await response.text()
  const error = wireError(text)
  if (error === null)
    return new AppError('internal', `${url} answered ${response.status} in words that are not Intake's. Is --url right?`, { status: response.status })
  const { code, message, details, requestId } = error
  // What went wrong on the server is found in its log by this id.
  const found = { ...details, ...(response.status >= 500 && requestId !== undefined && { requestId }) }
  return new AppError(code, message, { status: response.status, ...(Object.keys(found).length > 0 && { details: found }) })
}

type Refusal = { code: ErrorCode; message: string; details: Record<string, unknown> | undefined; requestId: string | undefined }

function wireError(text: string): Refusal | null {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown; details?: Record<string, unknown>; requestId?: string } }
    if (typeof error?.code !== 'string' || typeof error.message !== 'string' || !(error.code in errorStatus)) return null
    return { code: error.code as ErrorCode, message: error.message, details: error.details, requestId: error.requestId }
  } catch {
    return null
  }
}
