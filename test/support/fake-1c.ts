import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** What 1C understood of an answer: the verdict is its first line, trimmed and in lower case, whatever the status says. */
export type Said = { word: string; lines: string[]; text: string; status: number; headers: IncomingHttpHeaders }
export type SentFile = { name: string; content: string | Uint8Array }

export type Fake1cOptions = {
  login: string
  password: string
  type?: 'catalog' | 'sale'
  /** A newer 1C says the version of its CommerceML at `init`, and its `sessid` with each call. */
  version?: string
  /** Pieces of this size instead of `file_limit`. */
  chunk?: number
  /** After a file whose size is a multiple of the piece's, an empty piece. */
  emptyLast?: boolean
}

/** The exchange stopped, as 1C would put it. */
export class ExchangeFailed extends Error {
  readonly said: Said

  constructor(step: string, said: Said) {
    super(`${step}: ${said.text}`)
    this.said = said
  }
}

/**
 * 1C as it behaves towards a site: reads the body alone, builds its Cookie header from lines 2 and 3 of `checkauth`, rejects an `init` that has not exactly
 * two lines unless it said its version, sends files in pieces without saying which, uploads everything before it imports, and asks again at once.
 */
export class Fake1c {
  url: string
  readonly #options: Fake1cOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #cookie: string | null = null
  #sessid: string | null = null
  #fileLimit = 0
  timestamp = ''
  /** Each answer of `progress` to an `import`. */
  readonly waits: string[] = []

  constructor(url: string, options: Fake1cOptions) {
    this.url = url
    this.#options = options
  }

  /** The header that it builds of `checkauth`. */
  get cookie(): string {
    return this.#cookie ?? ''
  }

  /** A whole exchange: everything is uploaded, then each XML imported in the order of names, then `complete`. Throws ExchangeFailed. */
  async exchange(files: SentFile[], { complete = true, imports }: { complete?: boolean; imports?: string[] } = {}): Promise<void> {
    await this.checkauth()
    await this.init()
    for (const file of files) await this.send(file)
    for (const name of imports ?? xmlNames(files)) await this.import(name)
    if (complete) await this.need('complete', await this.get('complete'))
  }

  async checkauth(method = 'GET'): Promise<Said> {
    const { login, password } = this.#options
    const authorization = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`
    const said = await this.call(method, { mode: 'checkauth' }, { headers: { authorization } })
    await this.need('checkauth', said)
    const [, name, value, ...rest] = said.lines
    this.#cookie = `${name}=${value}`
    this.#sessid = rest.find((line) => line.startsWith('sessid='))?.slice(7) ?? null
    this.timestamp = rest.find((line) => line.startsWith('timestamp='))?.slice(10) ?? ''
    return said
  }

  async init(): Promise<Said> {
    const { version } = this.#options
    const said = await this.get('init', version === undefined ? {} : { version, sessid: this.#sessid ?? '' })
    if (version === undefined && said.text.split('\n').length !== 2) throw new ExchangeFailed('init: not two lines', said)
    const limit = said.lines.find((line) => line.startsWith('file_limit='))
    if (!said.lines.includes('zip=yes') || limit === undefined) throw new ExchangeFailed('init', said)
    this.#fileLimit = Number(limit.slice('file_limit='.length))
    return said
  }

  /** Sends a file in pieces. `between` is called after each. */
  async send({ name, content }: SentFile, between: (piece: number) => Promise<void> = async () => {}): Promise<void> {
    const bytes = Buffer.from(content)
    const size = this.#options.chunk ?? (this.#fileLimit || bytes.length)
    for (let at = 0, piece = 0; at === 0 || at < bytes.length; at += size, piece++) {
      await this.piece(name, bytes.subarray(at, at + size))
      await between(piece)
    }
    if (this.#options.emptyLast && bytes.length % size === 0) await this.piece(name, Buffer.alloc(0))
  }

  async piece(name: string, body: Uint8Array): Promise<void> {
    await this.need(`file ${name}`, await this.post('file', name, body))
  }

  /** Announces a piece, sends the beginning of it, and goes away. */
  async cutOff(name: string, body: Uint8Array, sent: number): Promise<void> {
    const cut = request(this.#address({ mode: 'file', filename: name }), {
      method: 'POST',
      headers: { Cookie: this.#cookie ?? '', 'Content-Length': String(body.length) },
    })
    cut.on('error', () => undefined)
    await new Promise<void>((resolve) => cut.write(body.subarray(0, sent), () => resolve()))
    const closed = new Promise<void>((resolve) => cut.once('close', () => resolve()))
    cut.destroy()
    await closed
  }

  /** Asks until it is told how the import ended. */
  async import(name: string): Promise<Said> {
    for (;;) {
      const said = await this.get('import', { filename: name })
      if (said.word !== 'progress') {
        await this.need(`import ${name}`, said)
        return said
      }
      this.waits.push(said.lines[1] ?? '')
    }
  }

  /** Asks to switch off what it did not bring, until it is told how that ended. */
  async deactivate(): Promise<Said> {
    for (;;) {
      const said = await this.get('deactivate', { timestamp: this.timestamp })
      if (said.word !== 'progress') {
        await this.need('deactivate', said)
        return said
      }
      this.waits.push(said.lines[1] ?? '')
    }
  }

  async get(mode: string, query: Record<string, string> = {}): Promise<Said> {
    return await this.call('GET', { mode, ...query })
  }

  async post(mode: string, filename: string, body: Uint8Array): Promise<Said> {
    return await this.call('POST', { mode, filename }, { body })
  }

  /** The cookie goes: 1C logs in again and goes on. */
  loseCookie(): void {
    this.#cookie = null
  }

  close(): void {
    this.#agent.destroy()
  }

  async need(step: string, said: Said): Promise<void> {
    if (said.word !== 'success') throw new ExchangeFailed(step, said)
  }

  async call(
    method: string,
    query: Record<string, string>,
    { body, headers = {} }: { body?: Uint8Array; headers?: Record<string, string> } = {},
  ): Promise<Said> {
    const address = this.#address(query)
    const all = { 'User-Agent': '1C+Enterprise/8.3', ...(this.#cookie !== null && { Cookie: this.#cookie }), ...headers }
    const sent = request(address, { method, agent: this.#agent, headers: { ...all, ...(body && { 'Content-Length': String(body.length) }) } })
    const answered = Promise.withResolvers<Said>()
    sent.once('error', answered.reject)
    sent.once('response', (response) => {
      const said = async (): Promise<Said> => {
        const text = (await buffer(response)).toString('utf8')
        const lines = text.split('\n')
        return { word: (lines[0] ?? '').trim().toLowerCase(), lines, text, status: response.statusCode ?? 0, headers: response.headers }
      }
      said().then(answered.resolve, answered.reject)
    })
    sent.end(body)
    return await answered.promise
  }

  #address(query: Record<string, string>): URL {
    const address = new URL('/exchange/1c', this.url)
    address.search = new URLSearchParams({ type: this.#options.type ?? 'catalog', ...query }).toString()
    return address
  }
}

/** The order of a directory listing: every import… before every offers…. */
function xmlNames(files: SentFile[]): string[] {
  return files
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.xml'))
    .toSorted()
}
