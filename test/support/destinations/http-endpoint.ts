import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Refusal = { status: number; headers?: Record<string, string> }
/** What goes wrong with a request: an answer, a connection that breaks after so many bytes of the body, a checksum that is not that of the file, or a wait before it is looked at. */
export type HttpFault = Refusal | { cutAfter: number } | 'wrong checksum' | Promise<void> | null
type Asked = { method: string; path: string; key: string }

/** An endpoint as a user would write one: it keeps whole files that are signed, and takes what it has for done. */
export type HttpEndpointServer = {
  port: number
  signingKey: string
  files: Map<string, Buffer>
  /** Requests with a body that were answered with success: their idempotency keys. */
  kept: string[]
  /** Answers every request so until it is given null. */
  refuseBy(refusal: Refusal | null): void
  /** Decides for each signed request what goes wrong with it. */
  breakBy(fault: (asked: Asked) => HttpFault): void
  /** Most requests with a body that were under way at the same time since this was asked last. */
  mostAtOnce(): number
  close(): Promise<void>
}

export async function startHttpEndpoint(): Promise<HttpEndpointServer> {
  const signingKey = 'a key that both sides know'
  const files = new Map<string, Buffer>()
  const kept: string[] = []
  let refusal: Refusal | null = null
  let faultOf: (asked: Asked) => HttpFault = () => null
  const [now, most] = [new Set<IncomingMessage>(), { atOnce: 0 }]
  const server = createServer((request, response) => {
    if (refusal) return void response.writeHead(refusal.status, refusal.headers).end()
    if (!isSigned(request, signingKey)) return void response.writeHead(401).end()
    if (request.method !== 'HEAD') now.add(request)
    most.atOnce = Math.max(most.atOnce, now.size)
    response.once('close', () => now.delete(request))
    const path = decodeURIComponent((request.url ?? '/').slice(1))
    const fault = faultOf({ method: request.method ?? '', path, key: String(request.headers['idempotency-key']) })
    void spoiled(request, response, fault, async (told) => await answer(request, response, { files, kept, told }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    signingKey,
    files,
    kept,
    refuseBy: (chosen) => {
      refusal = chosen
    },
    breakBy: (chosen) => {
      faultOf = chosen
    },
    mostAtOnce: () => {
      const { atOnce } = most
      most.atOnce = now.size
      return atOnce
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The rule as it is written down for users, in words of its own. */
function isSigned({ headers, method, url }: IncomingMessage, key: string): boolean {
  const told = (name: string) => String(headers[name])
  const lines = [told('x-intake-timestamp'), method, url, told('idempotency-key'), told('x-intake-content-sha256'), told('x-intake-content-length')]
  return told('x-intake-signature') === `v1=${createHmac('sha256', key).update(lines.join('\n')).digest('hex')}`
}

async function spoiled(
  request: IncomingMessage,
  response: ServerResponse,
  fault: HttpFault,
  go: (told: string | null) => Promise<void>,
): Promise<void> {
  if (fault instanceof Promise) await fault
  else if (fault === 'wrong checksum') return await go('0'.repeat(64))
  else if (fault && 'status' in fault) return void response.writeHead(fault.status, fault.headers).end()
  else if (fault) return cut(request, fault.cutAfter)
  await go(null)
}

function cut(request: IncomingMessage, after: number): void {
  let came = 0
  request.on('error', () => undefined)
  request.on('data', (piece: Buffer) => {
    came += piece.length
    if (came >= after) request.socket.destroy()
  })
  if (after === 0 || request.method === 'HEAD') request.socket.destroy()
}

type Kept = { files: Map<string, Buffer>; kept: string[]; told: string | null }

async function answer(request: IncomingMessage, response: ServerResponse, { files, kept, told }: Kept): Promise<void> {
  const path = decodeURIComponent((request.url ?? '/').slice(1))
  if (request.method === 'HEAD') return head(files.get(path), response, told)
  let body: Buffer
  try {
    body = Buffer.concat(await request.toArray())
  } catch {
    // The connection broke off: nothing is kept.
    return
  }
  const received = request.method === 'POST' ? formOf(request, body) : { path, bytes: body }
  const sha256 = createHash('sha256').update(received.bytes).digest('hex')
  if (sha256 !== request.headers['x-intake-content-sha256']) return void response.writeHead(422).end()
  files.set(received.path, received.bytes)
  kept.push(String(request.headers['idempotency-key']))
  response.writeHead(201).end()
}

function head(file: Buffer | undefined, response: ServerResponse, told: string | null): void {
  if (!file) return void response.writeHead(404).end()
  const sha256 = told ?? createHash('sha256').update(file).digest('hex')
  response.writeHead(200, { 'Content-Length': String(file.length), 'X-Intake-Content-SHA256': sha256 }).end()
}

function formOf(request: IncomingMessage, body: Buffer): { path: string; bytes: Buffer } {
  const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? ''
  const parts: Record<string, Buffer> = {}
  let at = body.indexOf(`--${boundary}\r\n`)
  while (at !== -1) {
    const start = body.indexOf('\r\n\r\n', at) + 4
    const next = body.indexOf(`\r\n--${boundary}`, start)
    const name = /name="(\w+)"/.exec(body.subarray(at, start).toString())?.[1] ?? ''
    parts[name] = body.subarray(start, next)
    at = body.subarray(next + 2).indexOf(`--${boundary}\r\n`) === 0 ? next + 2 : -1
  }
  return { path: String(parts['path']), bytes: Buffer.from(parts['file'] ?? '') }
}
