import { hashOf } from '../../storage/hash-file.ts'
import type { Content, Delivered, DeliveryOrder, Destination, ProbeAnswer, Transfer, Verified } from '../destination.ts'
import { damaged, networkFailure, occupied } from '../failures.ts'
import { measured, noMoreThan } from '../measured-content.ts'
import { encodePath, requirePath, temporaryPath } from '../paths.ts'
import { probeByWriting } from '../probe.ts'
import { drain } from '../web/web-link.ts'
import type { WebAnswer, WebLink, WebRequest } from '../web/web-link.ts'
import { webRefusal } from '../web/web-refusal.ts'

type Asked = Omit<WebRequest, 'url' | 'signal'> & { path: string; folder?: boolean }

/** A folder of a WebDAV server (RFC 4918): Nextcloud, nginx, Apache and others. */
export class WebdavDestination implements Destination {
  readonly capabilities = { resumable: false, verifies: 'content', hidesUnfinished: true, keepsOthers: true } as const
  readonly #link: WebLink
  readonly #root: URL
  readonly #login: Record<string, string>
  readonly #readBack: boolean
  readonly #folders = new Set<string>()

  /** `root` ends with "/". */
  constructor(link: WebLink, { root, user, password, readBack }: { root: URL; user: string; password: string | undefined; readBack: boolean }) {
    this.#link = link
    this.#root = root
    this.#readBack = readBack
    const plain = Buffer.from(`${user}:${password ?? ''}`, 'utf8').toString('base64')
    this.#login = user === '' ? {} : { Authorization: `Basic ${plain}` }
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    await probeByWriting(this, signal, async (path) => await this.#expect({ method: 'DELETE', path }, [200, 204], signal))
    return { description: `The folder on ${this.#root.host} can be written.` }
  }

  async deliver(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<Delivered> {
    const { path, size, sha256, idempotencyKey } = order
    const { signal } = transfer
    if (await this.#isThere(order, signal)) return { outcome: 'already_there', resumedAt: 0 }
    const temporary = temporaryPath(path, idempotencyKey)
    await this.#makeFolders(path, signal)
    try {
      const body = { pieces: measured(content, 0, order, transfer), length: size }
      // Nextcloud keeps the checksum that it is told, and tells it again.
      await this.#expect({ method: 'PUT', path: temporary, body, headers: { 'OC-Checksum': `SHA256:${sha256}` } }, [200, 201, 204], signal)
      // RFC 4918, 9.9.4: "If a resource exists at the destination and the Overwrite header is set to "F", then the server MUST fail the request" (412).
      const headers = { Destination: this.#urlOf(path).href, Overwrite: 'F' }
      const moved = await this.#ask({ method: 'MOVE', path: temporary, headers }, signal)
      await drain(moved)
      if (moved.status === 412) throw occupied(path)
      if (moved.status !== 201 && moved.status !== 204) throw webRefusal(moved, this.#root.host)
      return { outcome: 'delivered', resumedAt: 0 }
    } catch (thrown) {
      this.#folders.clear()
      await this.abandon(order)
      throw thrown
    }
  }

  async verify(order: DeliveryOrder, signal: AbortSignal): Promise<Verified> {
    const head = await this.#head(order.path, signal)
    const wrong = () => damaged(`What lies at ${order.path} is not what was delivered.`)
    if (head === null || !mayHave(head, order.size)) throw wrong()
    const kept = checksumOf(head)
    if (kept === null && !this.#readBack) return { compared: sizeOf(head) === null ? 'nothing' : 'size' }
    if ((kept ?? (await this.#readHash(order, signal))) !== order.sha256) throw wrong()
    return { compared: 'content' }
  }

  async withdraw({ path }: DeliveryOrder, signal: AbortSignal): Promise<void> {
    await this.#expect({ method: 'DELETE', path }, [200, 204, 404], signal)
  }

  async abandon({ path, idempotencyKey }: DeliveryOrder): Promise<void> {
    const asked = { method: 'DELETE', path: temporaryPath(path, idempotencyKey) }
    await this.#ask(asked, AbortSignal.timeout(10_000)).then(drain, () => undefined)
  }

  async close(): Promise<void> {
    this.#link.close()
  }

  /** Whether a former try put the file there. Throws when another one is there. */
  async #isThere(order: DeliveryOrder, signal: AbortSignal): Promise<boolean> {
    const head = await this.#head(order.path, signal)
    if (head === null) return false
    const same = mayHave(head, order.size) && (checksumOf(head) ?? (await this.#readHash(order, signal))) === order.sha256
    if (!same) throw occupied(order.path)
    return true
  }

  async #head(path: string, signal: AbortSignal): Promise<WebAnswer | null> {
    const head = await this.#ask({ method: 'HEAD', path }, signal)
    await drain(head)
    if (head.status === 404 || head.status === 409) return null
    if (head.status !== 200) throw webRefusal(head, this.#root.host)
    return head
  }

  async #readHash({ path, size }: DeliveryOrder, signal: AbortSignal): Promise<string> {
    const answer = await this.#ask({ method: 'GET', path }, signal)
    if (answer.status !== 200) throw webRefusal(answer, this.#root.host)
    try {
      return (await hashOf(noMoreThan(size, answer.body as AsyncIterable<Buffer>), signal)).sha256
    } catch (thrown) {
      throw signal.aborted ? signal.reason : networkFailure(thrown, this.#root.host)
    }
  }

  /** RFC 4918, 9.3.1: 409 when a folder above is not there, 405 when it is there itself. Each is made once. */
  async #makeFolders(path: string, signal: AbortSignal): Promise<void> {
    const parts = requirePath(path).slice(0, -1)
    for (const [index] of parts.entries()) {
      const folder = parts.slice(0, index + 1).join('/')
      if (this.#folders.has(folder)) continue
      await this.#expect({ method: 'MKCOL', path: folder, folder: true }, [200, 201, 405], signal)
      this.#folders.add(folder)
    }
  }

  async #expect(asked: Asked, good: number[], signal: AbortSignal): Promise<void> {
    const answer = await this.#ask(asked, signal)
    await drain(answer)
    if (!good.includes(answer.status)) throw webRefusal(answer, this.#root.host)
  }

  async #ask({ path, folder = false, headers, ...asked }: Asked, signal: AbortSignal): Promise<WebAnswer> {
    return await this.#link.ask({ ...asked, url: this.#urlOf(path, folder), headers: { ...this.#login, ...headers }, signal })
  }

  #urlOf(path: string, folder = false): URL {
    return new URL(encodePath(path) + (folder ? '/' : ''), this.#root)
  }
}

/** Null where it is not told: "a server MAY send a Content-Length header field in a response to a HEAD request" (RFC 9110, 8.6). */
function sizeOf({ headers }: WebAnswer): number | null {
  const told = headers['content-length']
  return told === undefined ? null : Number(told)
}

const mayHave = (head: WebAnswer, bytes: number): boolean => (sizeOf(head) ?? bytes) === bytes

/** The SHA-256 that Nextcloud and ownCloud keep. */
function checksumOf({ headers }: WebAnswer): string | null {
  const text = headers['oc-checksum']
  return typeof text === 'string' ? (/\bSHA256:([0-9a-f]{64})\b/i.exec(text)?.[1]?.toLowerCase() ?? null) : null
}
