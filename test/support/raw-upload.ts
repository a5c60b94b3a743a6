import { connect } from 'node:net'
import type { Socket } from 'node:net'

const boundary = 'intakeTestBoundary'

export type FormPart = { name: string; value: string } | { name: string; fileName: string; content: string | Buffer; headers?: string[] }

/** The bytes of a multipart form, written by hand: what browsers would never send can be sent too. */
export function formBytes(parts: FormPart[], { end = true } = {}): Buffer {
  const pieces = parts.flatMap((part) => {
    const disposition = `Content-Disposition: form-data; name="${part.name}"`
    if ('value' in part) return [`--${boundary}\r\n${disposition}\r\n\r\n${part.value}\r\n`]
    const headers = [`${disposition}; filename="${part.fileName}"`, ...(part.headers ?? ['Content-Type: application/json'])]
    return [`--${boundary}\r\n${headers.join('\r\n')}\r\n\r\n`, part.content, '\r\n']
  })
  if (end) pieces.push(`--${boundary}--\r\n`)
  return Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece)))
}

/** The fields that a start needs besides its files. */
export const startFields: FormPart[] = [
  { name: 'kind', value: 'table' },
  { name: 'target', value: 'main' },
]

export type RawAnswer = { status: number; headers: string; body: string }

/** One request to the API on a bare connection, so that a test decides about every byte and when it leaves. */
export class RawUpload {
  readonly socket: Socket
  readonly #answer = Promise.withResolvers<RawAnswer>()
  readonly #url: URL
  #received = ''

  constructor(url: string) {
    this.#url = new URL(url)
    this.socket = connect(Number(this.#url.port), this.#url.hostname)
    this.socket.on('data', (chunk) => {
      this.#received += chunk.toString('utf8')
    })
    // What was answered before a connection breaks counts.
    this.socket.on('error', () => this.#conclude())
    this.socket.on('close', () => this.#conclude())
  }

  /** The head of POST /imports. Without a length the body goes in chunks. */
  head(headers: Record<string, string>, length?: number): this {
    const lines = {
      Host: this.#url.host,
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      ...(length === undefined ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': String(length) }),
      Connection: 'close',
      ...headers,
    }
    const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}`)
    this.socket.write(`POST /api/imports HTTP/1.1\r\n${text.join('\r\n')}\r\n\r\n`)
    return this
  }

  /** Resolves when the bytes have left, or can't leave any more. */
  async send(bytes: Buffer | string): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()))
  }

  async sendChunk(bytes: Buffer): Promise<void> {
    await this.send(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]))
  }

  /** What the server answered, when it has closed the connection. */
  async answer(): Promise<RawAnswer> {
    return await this.#answer.promise
  }

  #conclude(): void {
    const [head = '', ...rest] = this.#received.split('\r\n\r\n')
    this.#answer.resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), headers: head, body: rest.join('\r\n\r\n') })
  }
}
