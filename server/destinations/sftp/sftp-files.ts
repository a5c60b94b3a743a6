import type { SFTPWrapper, Stats } from 'ssh2'
import type { SftpSession } from './sftp-session.ts'
import { codeOfStatus, sftpStatus } from './sftp-status.ts'

/** What every server gives in one answer; and how many are asked for at a time. */
const blockBytes = 31 * 1024
const blocksAhead = 32

type Answered<T> = (error: Error | null | undefined, value: T) => void

/** The operations of SFTP that deliveries need, as promises. They reject with the client's own errors; see sftp-status.ts. */
export class SftpFiles {
  readonly #sftp: SFTPWrapper
  readonly #session: SftpSession
  readonly #ended: AbortSignal
  readonly #signal: AbortSignal

  constructor(session: SftpSession, signal: AbortSignal) {
    this.#session = session
    this.#sftp = session.sftp
    this.#ended = session.ended
    this.#signal = signal
  }

  /** Null when there is none. */
  async stat(path: string): Promise<Stats | null> {
    try {
      return await this.#call<Stats>((done) => this.#sftp.lstat(path, done))
    } catch (thrown) {
      if (codeOfStatus(thrown) === sftpStatus.noSuchFile) return null
      throw thrown
    }
  }

  async open(path: string, flags: 'r' | 'r+' | 'w'): Promise<Buffer> {
    return await this.#call<Buffer>((done) => this.#sftp.open(path, flags, done))
  }

  async close(handle: Buffer): Promise<void> {
    // Also after an abort: others go on using the connection.
    await this.#call<void>((done) => this.#sftp.close(handle, (error) => done(error, undefined)), this.#ended)
  }

  async write(handle: Buffer, bytes: Buffer, position: number): Promise<void> {
    await this.#call<void>((done) => this.#sftp.write(handle, bytes, 0, bytes.length, position, (error) => done(error, undefined)))
  }

  /** Makes what was written safe, where the server can (an extension of OpenSSH). Rejects where it can and does not succeed. */
  async sync(handle: Buffer): Promise<void> {
    try {
      await this.#call<void>((done) => this.#sftp.ext_openssh_fsync(handle, (error) => done(error, undefined)))
    } catch (thrown) {
      const status = codeOfStatus(thrown)
      if ((status !== null && status !== sftpStatus.failure) || isUnsupported(thrown)) return
      throw thrown
    }
  }

  /** Fails when there is a file of the new name: the protocol's plain rename never replaces. */
  async rename(from: string, to: string): Promise<void> {
    await this.#call<void>((done) => this.#sftp.rename(from, to, (error) => done(error, undefined)))
  }

  /** One that is not there is fine. */
  async remove(path: string): Promise<void> {
    try {
      await this.#call<void>((done) => this.#sftp.unlink(path, (error) => done(error, undefined)))
    } catch (thrown) {
      if (codeOfStatus(thrown) !== sftpStatus.noSuchFile) throw thrown
    }
  }

  /** One that is there already is fine. */
  async makeFolder(path: string): Promise<void> {
    try {
      await this.#call<void>((done) => this.#sftp.mkdir(path, (error) => done(error, undefined)))
    } catch (thrown) {
      const found = await this.#call<Stats>((done) => this.#sftp.stat(path, done)).catch(() => null)
      if (!found?.isDirectory()) throw thrown
    }
  }

  /** The bytes of a file, asked for several blocks ahead. */
  async *read(path: string): AsyncGenerator<Buffer> {
    const handle = await this.open(path, 'r')
    const ahead: Promise<Buffer>[] = []
    try {
      for (let at = 0; ;) {
        while (ahead.length < blocksAhead) ahead.push(tolerated(this.#readBlock(handle, at + ahead.length * blockBytes)))
        const block = await ahead.shift()!
        if (block.length === 0) return
        yield block
        at += block.length
        // After a short one the others are not those that follow.
        if (block.length < blockBytes) await Promise.allSettled(ahead.splice(0))
      }
    } finally {
      await Promise.allSettled(ahead)
      await this.close(handle).catch(() => undefined)
    }
  }

  /** Empty at the end of the file. */
  async #readBlock(handle: Buffer, position: number): Promise<Buffer> {
    const block = Buffer.allocUnsafe(blockBytes)
    const read = async () =>
      await this.#call<number>((done) => this.#sftp.read(handle, block, 0, blockBytes, position, (error, bytes) => done(error, bytes)))
    try {
      return block.subarray(0, await read())
    } catch (thrown) {
      if (codeOfStatus(thrown) === sftpStatus.endOfFile) return Buffer.alloc(0)
      throw thrown
    }
  }

  /** Bytes that are free where a folder lies; null where the server does not tell. */
  async freeBytes(folder: string): Promise<number | null> {
    type Space = { f_bavail: number; f_frsize: number }
    const extended = this.#sftp as unknown as { ext_openssh_statvfs(path: string, done: Answered<Space>): void }
    try {
      const { f_bavail, f_frsize } = await this.#call<Space>((done) => extended.ext_openssh_statvfs(folder, done))
      return f_bavail * f_frsize
    } catch {
      return null
    }
  }

  /**
   * Rejects with the signal's reason as soon as it is aborted, and when the connection ends before the answer. One on which an answer does not come ends: the
   * keep-alive is answered by the server's door, also when what is behind it hangs.
   */
  async #call<T>(start: (done: Answered<T>) => void, signal = this.#signal): Promise<T> {
    if (this.#ended.aborted) throw connectionEnded()
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const aborted = () => reject(signal.reason as Error)
    const closed = () => reject(connectionEnded())
    const timer = setTimeout(() => {
      reject(connectionEnded('ETIMEDOUT'))
      this.#session.cut()
    }, this.#session.answerMs)
    signal.addEventListener('abort', aborted, { once: true })
    this.#ended.addEventListener('abort', closed, { once: true })
    try {
      start((error, value) => (error ? reject(error) : resolve(value)))
      return await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
      this.#ended.removeEventListener('abort', closed)
    }
  }
}

function connectionEnded(code = 'ECONNRESET'): Error {
  return Object.assign(new Error('the connection ended'), { code })
}

/** A rejection that is looked at later, or not at all. */
function tolerated<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}

/** The client throws at once when the server did not announce the extension. */
function isUnsupported(thrown: unknown): boolean {
  return thrown instanceof Error && /does not support/i.test(thrown.message)
}
