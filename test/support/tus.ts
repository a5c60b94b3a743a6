import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { paths, uploadTokenHeader } from '../../shared/protocol/paths.ts'
import type { Answer, ApiClient } from './api-client.ts'

const resumable = { 'Tus-Resumable': '1.0.0' }

export type Begun = { id: string; url: string; token: string; answer: Answer }

export function metadataHeader(metadata: Record<string, string>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',')
}

/** Begins an upload as a client of tus does; answers whatever the server says. */
export async function begin(api: ApiClient, size: number, metadata: Record<string, string> = { filename: 'file.json' }): Promise<Begun> {
  const headers = { ...resumable, 'Upload-Length': String(size), 'Upload-Metadata': metadataHeader(metadata) }
  const answer = await api.request('POST', paths.uploads, { headers })
  const url = answer.headers.get('Location') ?? ''
  return { id: url.split('/').at(-1) ?? '', url, token: answer.headers.get(uploadTokenHeader) ?? '', answer }
}

export async function patch(api: ApiClient, url: string, offset: number, body: Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
  const all = { ...resumable, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream', ...headers }
  return await api.request('PATCH', url, { body: body as Uint8Array<ArrayBuffer>, headers: all })
}

/** Where the server says that an upload stands; -1 when it does not say. */
export async function offsetOf(api: ApiClient, url: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await api.request('HEAD', url, { headers: { ...resumable, ...headers } })
  return Number(answer.headers.get('Upload-Offset') ?? -1)
}

export async function terminate(api: ApiClient, url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return await api.request('DELETE', url, { headers: { ...resumable, ...headers } })
}

/** Uploads all of it in one piece. */
export async function uploadWhole(api: ApiClient, bytes: Uint8Array, metadata?: Record<string, string>): Promise<Begun> {
  const begun = await begin(api, bytes.length, metadata)
  const { status, text } = await patch(api, begun.url, 0, bytes)
  if (status !== 204) throw new Error(`the upload answered ${status}: ${text}`)
  return begun
}

/** POST /imports with uploads. */
export async function startUploads(api: ApiClient, ids: string[], fields: Record<string, string> = {}, headers: Record<string, string> = {}) {
  const form = new FormData()
  for (const [name, value] of Object.entries({ kind: 'table', target: 'main', ...fields })) form.set(name, value)
  for (const id of ids) form.append('upload', id)
  return await api.request<{ outcome: string; import: { id: string; files: { name: string; sha256: string; size: number }[] } }>(
    'POST',
    paths.imports,
    {
      body: form,
      headers,
    },
  )
}

/** A PATCH on a bare connection: the head announces all that is left, and the test decides how much of it is ever sent. */
export class CutPatch {
  readonly socket: Socket

  constructor(server: string, url: string, { token, offset, length }: { token: string; offset: number; length: number }) {
    const { hostname, port, host } = new URL(server)
    this.socket = connect(Number(port), hostname)
    this.socket.on('error', () => undefined)
    const headers = {
      ...resumable,
      Host: host,
      [uploadTokenHeader]: token,
      'Upload-Offset': String(offset),
      'Content-Type': 'application/offset+octet-stream',
      'Content-Length': String(length),
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    this.socket.write(`PATCH ${url} HTTP/1.1\r\n${lines.join('')}\r\n`)
  }

  /** Resolves when the bytes have left. */
  async send(bytes: Uint8Array): Promise<this> {
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()))
    return this
  }
}
