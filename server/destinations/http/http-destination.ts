import { randomUUID } from 'node:crypto'
import type { Content, Delivered, DeliveryOrder, Destination, ProbeAnswer, Transfer, Verified } from '../destination.ts'
import { damaged } from '../failures.ts'
import { measured } from '../measured-content.ts'
import { encodePath, requirePath } from '../paths.ts'
import { drain } from '../web/web-link.ts'
import type { WebAnswer, WebLink } from '../web/web-link.ts'
import { webRefusal } from '../web/web-refusal.ts'
import { formBody } from './form-body.ts'
import { signatureHeaders } from './signature.ts'

export type HttpEndpoint = { root: URL; method: 'PUT' | 'POST'; headers: Record<string, string>; signingKey: string | undefined }

/**
 * An endpoint of the user's own: gets each file by PUT to the address with the path behind it, or as the form fields `path`, `sha256` and `file` by POST. Each
 * request has its length, an Idempotency-Key and, with a key, a signature (see signature.ts); the endpoint keeps a file when all of it has come, and takes
 * one that it has for done.
 */
export class HttpDestination implements Destination {
  readonly capabilities
  readonly #link: WebLink
  readonly #endpoint: HttpEndpoint

  constructor(link: WebLink, endpoint: HttpEndpoint) {
    this.#link = link
    this.#endpoint = endpoint
    const verifies = endpoint.method === 'PUT' ? 'content' : 'nothing'
    this.capabilities = { resumable: false, verifies, hidesUnfinished: false, keepsOthers: false } as const
  }

  /** Nothing is written: what an endpoint takes, it may act on. Anything but a refused login or a failure is an answer. */
  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    const { root } = this.#endpoint
    const empty = { path: '', size: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', idempotencyKey: randomUUID() }
    const answer = await this.#link.ask({ method: 'HEAD', url: root, headers: this.#headers('HEAD', root, empty), signal })
    await drain(answer)
    const fine = answer.status < 300 || [400, 404, 405, 409, 411, 415, 422, 501].includes(answer.status)
    if (!fine) throw webRefusal(answer, root.host)
    return { description: `${root.host} answers (${answer.status}).` }
  }

  async deliver(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<Delivered> {
    const answer = this.#endpoint.method === 'PUT' ? await this.#put(content, order, transfer) : await this.#post(content, order, transfer)
    await drain(answer)
    if (answer.status < 200 || answer.status >= 300) throw webRefusal(answer, this.#endpoint.root.host)
    return { outcome: 'delivered', resumedAt: 0 }
  }

  /** By HEAD, as far as the endpoint answers it: the length, and the checksum by X-Intake-Content-SHA256 or Repr-Digest (RFC 9530). */
  async verify(order: DeliveryOrder, signal: AbortSignal): Promise<Verified> {
    if (this.#endpoint.method === 'POST') return { compared: 'nothing' }
    const url = this.#urlOf(order.path)
    const answer = await this.#link.ask({ method: 'HEAD', url, headers: this.#headers('HEAD', url, order), signal })
    await drain(answer)
    if (answer.status === 401 || answer.status === 408 || answer.status === 429 || answer.status >= 500) {
      if (answer.status !== 501) throw webRefusal(answer, url.host)
    }
    if (answer.status !== 200) return { compared: 'nothing' }
    const length = answer.headers['content-length']
    const checksum = checksumOf(answer)
    const wrong = (checksum !== null && checksum !== order.sha256) || (length !== undefined && Number(length) !== order.size)
    if (wrong) throw damaged(`What ${url.host} has at ${order.path} is not what was delivered.`)
    return { compared: checksum !== null ? 'content' : length !== undefined ? 'size' : 'nothing' }
  }

  /** What it takes next replaces it. */
  async withdraw(): Promise<void> {}

  async abandon(): Promise<void> {}

  async close(): Promise<void> {
    this.#link.close()
  }

  async #put(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<WebAnswer> {
    const url = this.#urlOf(order.path)
    const body = { pieces: measured(content, 0, order, transfer), length: order.size }
    const headers = { 'Content-Type': 'application/octet-stream', ...this.#headers('PUT', url, order) }
    return await this.#link.ask({ method: 'PUT', url, headers, body, signal: transfer.signal })
  }

  async #post(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<WebAnswer> {
    const { root } = this.#endpoint
    const name = requirePath(order.path).at(-1) ?? ''
    const file = { name, size: order.size, pieces: measured(content, 0, order, transfer) }
    const { contentType, ...body } = formBody(`intake-${randomUUID()}`, { path: order.path, sha256: order.sha256 }, file)
    const headers = { ...this.#headers('POST', root, order), 'Content-Type': contentType }
    return await this.#link.ask({ method: 'POST', url: root, headers, body, signal: transfer.signal })
  }

  #headers(method: string, url: URL, { idempotencyKey, sha256, size }: DeliveryOrder): Record<string, string> {
    const { headers, signingKey } = this.#endpoint
    const target = url.pathname + url.search
    return { ...headers, ...signatureHeaders(signingKey, { method, target, idempotencyKey, sha256, size }, Date.now()) }
  }

  #urlOf(path: string): URL {
    return new URL(encodePath(path), this.#endpoint.root)
  }
}

function checksumOf({ headers }: WebAnswer): string | null {
  const plain = headers['x-intake-content-sha256']
  if (typeof plain === 'string') return plain.toLowerCase()
  const digest = headers['repr-digest']
  const base64 = typeof digest === 'string' ? /sha-256=:([A-Za-z0-9+/=]+):/.exec(digest)?.[1] : undefined
  return base64 === undefined ? null : Buffer.from(base64, 'base64').toString('hex')
}
