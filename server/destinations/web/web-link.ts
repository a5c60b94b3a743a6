import http from 'node:http'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../../errors.ts'
import { networkFailure, unreachable } from '../failures.ts'
import type { HostRules } from '../../config/hosts.ts'

export type WebRequest = {
  method: string
  url: URL
  headers?: Record<string, string>
  /** Its bytes, and how many they are. */
  body?: { pieces: AsyncIterable<Uint8Array>; length: number }
  signal: AbortSignal
}
export type WebAnswer = { status: number; headers: IncomingHttpHeaders; body: Readable }

const idleMs = 120_000
/** A body of this size is announced, so that a refusal comes before it. Who does not answer that gets it after a while. */
const announcedBytes = 256 * 1024
const announceMs = 1000
/** What nobody reads on for may take so long and be so large. */
const drainMs = 5000
const drainBytes = 64 * 1024

/** Requests to a server that a person named: never redirected, only to hosts that may be reached. */
export class WebLink {
  readonly #rules: HostRules
  readonly #agents: { http: http.Agent; https: https.Agent }

  constructor(rules: HostRules) {
    this.#rules = rules
    const options = { keepAlive: true, maxSockets: 64, lookup: rules.lookup, timeout: idleMs }
    this.#agents = { http: new http.Agent(options), https: new https.Agent(options) }
  }

  /** The answer, its body unread: read it or `drain` it. Throws `destination_unreachable` or `destination_refused`. */
  async ask({ method, url, headers = {}, body, signal }: WebRequest): Promise<WebAnswer> {
    signal.throwIfAborted()
    this.#rules.check(url.hostname)
    const secure = url.protocol === 'https:'
    const announced = body !== undefined && body.length >= announcedBytes
    const request = (secure ? https : http).request(url, {
      method,
      agent: secure ? this.#agents.https : this.#agents.http,
      headers: {
        'User-Agent': 'Intake',
        'Accept-Encoding': 'identity',
        ...headers,
        ...(body && { 'Content-Length': String(body.length) }),
        ...(announced && { Expect: '100-continue' }),
      },
      signal,
    })
    request.setTimeout(idleMs, () => request.destroy(unreachable(`${url.host} did not answer for ${idleMs / 1000} s.`)))
    try {
      const answer = await exchange(request, body?.pieces, announced)
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: answer }
    } catch (thrown) {
      request.destroy()
      throw signal.aborted ? signal.reason : networkFailure(thrown, url.host)
    }
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }
}

/** Sends the body and waits for the answer. One that comes before all of it was sent counts when it refuses; who says that all is well has not got it. */
async function exchange(request: ClientRequest, pieces: AsyncIterable<Uint8Array> | undefined, announced: boolean): Promise<IncomingMessage> {
  let answered = false
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', (message) => {
      answered = true
      resolve(message)
    })
    request.on('error', reject)
  })
  // A rejection is thrown by the last line.
  answer.catch(() => undefined)
  if (pieces === undefined) {
    request.end()
    return await answer
  }
  if (announced) await welcome(request, answer)
  const sent = !answered && (await send(request, pieces, answer))
  if (!sent) request.destroy()
  const message = await answer
  if (!sent && isSuccess(message)) throw unreachable(`${request.host} answered (${message.statusCode}) before it had all of the file.`)
  return message
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300

/** Until the other side asks for the body, answers without it, fails, or says nothing for a while. */
async function welcome(request: ClientRequest, answer: Promise<unknown>): Promise<void> {
  request.flushHeaders()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, announceMs)
  request.once('continue', resolve)
  answer.then(
    () => resolve(),
    () => resolve(),
  )
  await promise
  clearTimeout(timer)
}

/** Whether all was sent: who refuses it gets no more of it (RFC 9112, 9.3: "it SHOULD immediately cease transmitting the body"). */
async function send(request: ClientRequest, pieces: AsyncIterable<Uint8Array>, answer: Promise<IncomingMessage>): Promise<boolean> {
  const refusal = new AbortController()
  answer.then(
    (message) => isSuccess(message) || refusal.abort(),
    () => undefined,
  )
  try {
    await pipeline(Readable.from(pieces, { objectMode: false }), request, { signal: refusal.signal })
    return true
  } catch (thrown) {
    if (refusal.signal.aborted) return false
    // What the content throws is the reason. A connection that the other side closed after an answer is not.
    if (thrown instanceof AppError) throw thrown
    const early = await Promise.race([
      answer.then(
        () => true,
        () => false,
      ),
      new Promise<false>((resolve) => setImmediate(resolve, false)),
    ])
    if (!early) throw thrown
    return false
  }
}

/** Reads the rest of an answer, so that its connection can be used again; a long one, and one that does not end, are broken off. */
export async function drain({ body }: WebAnswer): Promise<void> {
  let left = drainBytes
  const timer = setTimeout(() => body.destroy(), drainMs)
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      left -= piece.length
      if (left < 0) break
    }
  } catch {
    // Nobody wants it.
  } finally {
    clearTimeout(timer)
  }
}

/** A web address that people gave. Throws `invalid_input`: passwords cross foreign networks by https alone. */
export function webAddress(text: string, rules: HostRules): URL {
  const url = new URL(text)
  if (url.username || url.password)
    throw new AppError('invalid_input', 'Name and password do not stand in the address: they have fields of their own.')
  if (url.hash || url.search) throw new AppError('invalid_input', 'The address has no "?" and no "#".')
  if (url.protocol === 'http:' && !rules.isListed(url.hostname))
    throw new AppError('invalid_input', 'The address begins with https://. Hosts of one’s own network, listed in DESTINATION_HOSTS, may do without.')
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}
