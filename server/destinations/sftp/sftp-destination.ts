import { hashOf } from '../../storage/hash-file.ts'
import type { Content, Delivered, DeliveryOrder, Destination, ProbeAnswer, Transfer, Verified } from '../destination.ts'
import { damaged, full, occupied } from '../failures.ts'
import type { HostRules } from '../../config/hosts.ts'
import { measured } from '../measured-content.ts'
import { requirePath, temporaryPath } from '../paths.ts'
import { probeByWriting } from '../probe.ts'
import { SftpFiles } from './sftp-files.ts'
import { openSession, usualWaits } from './sftp-session.ts'
import type { SftpServer, SftpSession, SftpWaits } from './sftp-session.ts'
import { codeOfStatus, sftpFailure, sftpStatus } from './sftp-status.ts'
import { unsureBytes, writeOn } from './sftp-writer.ts'

/** A folder of a server that one logs in to by SSH. All deliveries share one connection, which is made again after it broke. */
export class SftpDestination implements Destination {
  readonly capabilities = { resumable: true, verifies: 'content', hidesUnfinished: true, keepsOthers: true } as const
  readonly #server: SftpServer
  readonly #folder: string
  readonly #readBack: boolean
  readonly #rules: HostRules
  readonly #waits: SftpWaits
  readonly #closed = new AbortController()
  #session: Promise<SftpSession> | null = null

  constructor({ server, folder, readBack }: { server: SftpServer; folder: string; readBack: boolean }, rules: HostRules, waits = usualWaits) {
    this.#server = server
    this.#folder = folder.replace(/\/+$/, '') || (folder.startsWith('/') ? '/' : '.')
    this.#readBack = readBack
    this.#rules = rules
    this.#waits = waits
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    await probeByWriting(this, signal, async (path) => await this.#with(signal, async (files) => await files.remove(this.#at(path))))
    const { hostKey } = await this.#connected()
    return { description: `The folder on ${this.#server.host} can be written.`, hostKey }
  }

  async deliver(content: Content, order: DeliveryOrder, transfer: Transfer): Promise<Delivered> {
    return await this.#with(transfer.signal, async (files) => {
      await this.#makeFolders(files, order.path)
      if (await this.#isThere(files, order, transfer.signal)) return { outcome: 'already_there', resumedAt: 0 }
      const resumedAt = await this.#write(files, content, order, transfer)
      await this.#show(files, order)
      return { outcome: 'delivered', resumedAt }
    })
  }

  async verify(order: DeliveryOrder, signal: AbortSignal): Promise<Verified> {
    return await this.#with(signal, async (files) => {
      const found = await files.stat(this.#at(order.path))
      const wrong = () => damaged(`What lies at ${order.path} is not what was delivered.`)
      if (found?.size !== order.size) throw wrong()
      if (!this.#readBack) return { compared: 'size' }
      if ((await hashOf(files.read(this.#at(order.path)), signal)).sha256 !== order.sha256) throw wrong()
      return { compared: 'content' }
    })
  }

  async withdraw({ path }: DeliveryOrder, signal: AbortSignal): Promise<void> {
    await this.#with(signal, async (files) => await files.remove(this.#at(path)))
  }

  async abandon(order: DeliveryOrder): Promise<void> {
    const remove = async (files: SftpFiles) => await files.remove(this.#at(unfinishedPath(order)))
    await this.#with(AbortSignal.timeout(10_000), remove).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    const session = await this.#session?.catch(() => null)
    session?.end()
    this.#session = null
  }

  #at(path: string): string {
    return [this.#folder === '/' ? '' : this.#folder, ...requirePath(path)].join('/')
  }

  async #connected(): Promise<SftpSession> {
    const former = this.#session
    const session = await former?.catch(() => null)
    if (session && !session.ended.aborted) return session
    // Whoever comes meanwhile, or found the former one ended at the same time, waits for the same connection.
    if (this.#session === former || this.#session === null)
      this.#session = openSession(this.#server, this.#rules, { waits: this.#waits, signal: this.#closed.signal })
    return await this.#session
  }

  async #with<T>(signal: AbortSignal, work: (files: SftpFiles) => Promise<T>): Promise<T> {
    const session = await orAborted(this.#connected(), signal)
    try {
      return await work(new SftpFiles(session, signal))
    } catch (thrown) {
      throw signal.aborted ? signal.reason : sftpFailure(thrown, this.#server.host)
    }
  }

  async #makeFolders(files: SftpFiles, path: string): Promise<void> {
    const parts = requirePath(path).slice(0, -1)
    for (const [index] of parts.entries()) await files.makeFolder(this.#at(parts.slice(0, index + 1).join('/')))
  }

  /** Whether a former try put the file there. Throws when another one is there. */
  async #isThere(files: SftpFiles, order: DeliveryOrder, signal: AbortSignal): Promise<boolean> {
    const found = await files.stat(this.#at(order.path))
    if (!found) return false
    const same = found.isFile() && found.size === order.size && (await hashOf(files.read(this.#at(order.path)), signal)).sha256 === order.sha256
    if (!same) throw occupied(order.path)
    return true
  }

  /** Goes on with what a former try left under the temporary name. Answers from where. */
  async #write(files: SftpFiles, content: Content, order: DeliveryOrder, transfer: Transfer): Promise<number> {
    const temporary = this.#at(unfinishedPath(order))
    const left = (await files.stat(temporary))?.size ?? 0
    const start = left > order.size ? 0 : Math.max(0, left - unsureBytes)
    const handle = await files.open(temporary, start > 0 ? 'r+' : 'w')
    try {
      await this.#writeAndClose(files, handle, measured(content, start, order, transfer), start)
    } catch (thrown) {
      throw await this.#withReason(files, thrown, order.size - start)
    }
    return start
  }

  /** What a server could not keep it may say as late as when it syncs or closes the file. */
  async #writeAndClose(files: SftpFiles, handle: Buffer, pieces: AsyncIterable<Buffer>, start: number): Promise<void> {
    try {
      await writeOn(files, handle, pieces, start)
      await files.sync(handle)
    } catch (thrown) {
      await files.close(handle).catch(() => undefined)
      throw thrown
    }
    await files.close(handle)
  }

  /** The protocol has no word for a full disk; OpenSSH tells the space that is left when asked. */
  async #withReason(files: SftpFiles, thrown: unknown, wanted: number): Promise<unknown> {
    if (codeOfStatus(thrown) !== sftpStatus.failure) return thrown
    const free = await files.freeBytes(this.#folder)
    return free !== null && free < wanted ? full(`${this.#server.host} is full.`, thrown) : thrown
  }

  async #show(files: SftpFiles, order: DeliveryOrder): Promise<void> {
    const [temporary, final] = [this.#at(unfinishedPath(order)), this.#at(order.path)]
    try {
      await files.rename(temporary, final)
    } catch (thrown) {
      if (codeOfStatus(thrown) === sftpStatus.failure && (await files.stat(final))) throw occupied(order.path)
      throw thrown
    }
  }
}

/** Only what was begun with the same bytes is gone on with. */
function unfinishedPath({ path, idempotencyKey, sha256 }: DeliveryOrder): string {
  return temporaryPath(path, `${idempotencyKey} ${sha256}`)
}

/** What others wait for too goes on without whoever was told to stop. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const aborted = () => reject(signal.reason as Error)
  signal.addEventListener('abort', aborted, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', aborted)
  }
}
