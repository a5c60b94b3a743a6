import { watchTokenHeader } from '../../shared/protocol/paths.ts'
import type { ErrorCode, WireError } from '../../shared/protocol/errors.ts'

/** `network` is an answer that never came: whether the server did what was asked is not known. */
export type ApiErrorCode = ErrorCode | 'network'

/** An answer that was an error, or no answer at all (`status` 0). */
export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly status: number
  readonly requestId: string | undefined
  readonly details: Record<string, unknown>

  constructor(
    code: ApiErrorCode,
    message: string,
    more: { status: number; requestId?: string | undefined; details?: Record<string, unknown> | undefined },
  ) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = more.status
    this.requestId = more.requestId
    this.details = more.details ?? {}
  }

  /** Whether the server has certainly not done what it was asked to do. */
  get nothingDone(): boolean {
    return this.status >= 400 && this.status < 500
  }
}

export type Call = {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Sent as JSON. */
  body?: unknown
  /** Sent as a form, in the place of a body. */
  form?: FormData
  headers?: Record<string, string>
  query?: Record<string, string | number | readonly string[] | undefined>
  /** Asks by this watch token, not by the login. */
  token?: string | null | undefined
  /** Asked by the page, not by the person: keeps no login alive. */
  background?: boolean | undefined
  signal?: AbortSignal | undefined
}

/** Calls the API and answers the parsed JSON. Throws ApiError; an abort throws the signal's reason. */
export async function request<T>(path: string, call: Call = {}): Promise<T> {
  const response = await send(path, call)
  if (response.status === 204) return undefined as T
  return (await readJson(response)) as T
}

/** Calls the API and answers the response as it is, when it is not an error. */
export async function send(
  path: string,
  { method = 'GET', body, form, query, token, background, signal, headers: more }: Call = {},
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...more }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (token) headers[watchTokenHeader] = token
  if (background) headers['x-background'] = '1'
  let response: Response
  try {
    const init: RequestInit = { method, headers, credentials: 'same-origin', signal: signal ?? null }
    response = await fetch(`${path}${queryOf(query)}`, {
      ...init,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(form && { body: form }),
    })
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    throw new ApiError('network', 'The server did not answer.', { status: 0 })
  }
  if (!response.ok) throw errorOf(response.status, await response.text().catch(() => ''), response.headers.get('x-request-id'))
  return response
}

/** The ApiError in the body of an answer; an answer that is not of ours becomes `internal` or `unavailable` by its status. */
export function errorOf(status: number, text: string, requestId: string | null): ApiError {
  const wire = parseError(text)
  if (wire) return new ApiError(wire.code, wire.message, { status, requestId: wire.requestId, details: wire.details })
  const code = status >= 502 && status <= 504 ? 'unavailable' : 'internal'
  return new ApiError(code, `HTTP ${status}`, { status, requestId: requestId ?? undefined })
}

function parseError(text: string): WireError['error'] | null {
  try {
    const body = JSON.parse(text) as Partial<WireError> | null
    return typeof body?.error?.code === 'string' ? body.error : null
  } catch {
    return null
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    throw new ApiError('network', 'The answer was cut off.', { status: 0, requestId: response.headers.get('x-request-id') ?? undefined })
  }
}

function queryOf(query: Call['query']): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    const text = Array.isArray(value) ? value.join(',') : value
    if (text !== undefined && text !== '') params.set(name, String(text))
  }
  return params.size === 0 ? '' : `?${params.toString()}`
}
