import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'
import type { StorageAddress } from '../../server/config/config.ts'

/** What goes wrong with a request: an answer with an error, no answer at all, one that breaks off after so many bytes of its body, or a wait before it is read. */
export type S3Fault = { status: number; code: string } | 'reset' | { cutAfter: number } | Promise<void> | null

type Stored = { bytes: Buffer; etag: string; modifiedAt: Date; told?: Record<string, string> }
type Upload = { name: string; begunAt: Date; parts: Map<number, Stored>; told?: Record<string, string> }
type Answer = { status?: number; headers?: Record<string, string>; body?: string | Buffer }
type Asked = { method: string; name: string; query: URLSearchParams; headers: IncomingMessage['headers']; body: Buffer }

/** A page of a list: small, so that every list is longer than a page. */
const pageSize = 3
const smallestPart = 5 * 1024 * 1024

/** Why the store refuses, by the protocol's names. */
class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

export type S3Server = {
  /** As settings would make it. */
  address: Extract<StorageAddress, { type: 's3' }>
  objects: Map<string, Stored>
  uploads: Map<string, Upload>
  /** Most parts that came in at the same time. */
  mostPartsAtOnce(): number
  /** Objects and parts that came without a checksum. */
  unchecked(): number
  /** Decides for each request to come, by its method, the object's name and the query, what goes wrong with it. */
  breakBy(fault: (method: string, name: string, query: URLSearchParams) => S3Fault): void
  close(): Promise<void>
}

/**
 * An S3 store for tests, in memory, with one bucket: objects, ranges, uploads in parts, lists in pages, checksums as they are sent. Signatures are not
 * checked, only that there is one.
 */
export async function startS3(): Promise<S3Server> {
  const bucket = new Bucket()
  let fault: (method: string, name: string, query: URLSearchParams) => S3Fault = () => null
  const server = createServer((request, response) => void answer(bucket, request, response, (...about) => fault(...about)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const keys = { accessKeyId: 'a-key', secretAccessKey: 'its-secret', forcePathStyle: true }
  return {
    address: { type: 's3', endpoint: `http://127.0.0.1:${port}`, region: 'here', bucket: 'intake', prefix: 'uploads/', ...keys },
    objects: bucket.objects,
    uploads: bucket.uploads,
    mostPartsAtOnce: () => bucket.mostPartsAtOnce,
    unchecked: () => bucket.unchecked,
    breakBy: (chosen) => {
      fault = chosen
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(
  bucket: Bucket,
  request: IncomingMessage,
  response: ServerResponse,
  faultOf: (...about: [string, string, URLSearchParams]) => S3Fault,
) {
  const url = new URL(request.url ?? '/', 'http://store')
  const [, bucketName = '', ...rest] = url.pathname.split('/').map(decodeURIComponent)
  const name = rest.join('/')
  const method = request.method ?? 'GET'
  const found = faultOf(method, name, url.searchParams)
  if (found === 'reset') return void request.socket.destroy()
  const isPart = url.searchParams.has('partNumber')
  if (isPart) bucket.partBegins()
  const fault = found instanceof Promise ? await found.then(() => null) : found
  const body = Buffer.concat(await request.toArray().catch(() => []))
  if (isPart) bucket.partEnds()
  try {
    if (fault && 'code' in fault) throw new Refusal(fault.status, fault.code)
    if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) throw new Refusal(403, 'AccessDenied')
    if (bucketName !== 'intake') throw new Refusal(404, 'NoSuchBucket')
    checkSums(request.headers, body)
    const isCopy = request.headers['x-amz-copy-source'] !== undefined
    if (method === 'PUT' && !isCopy && !hasChecksum(request.headers)) bucket.unchecked += 1
    send(response, method, bucket.handle({ method, name, query: url.searchParams, headers: request.headers, body }), fault?.cutAfter)
  } catch (thrown) {
    const { status, code } = thrown instanceof Refusal ? thrown : { status: 500, code: 'InternalError' }
    send(response, method, { status, body: `<Error><Code>${code}</Code><Message>${code}</Message></Error>` })
  }
}

function send(response: ServerResponse, method: string, { status = 200, headers = {}, body = '' }: Answer, cutAfter?: number): void {
  const bytes = Buffer.from(body)
  const type = { 'Content-Type': typeof body === 'string' ? 'application/xml' : 'application/octet-stream' }
  response.writeHead(status, { ...type, ...(status !== 204 && { 'Content-Length': String(bytes.length) }), ...headers })
  if (method === 'HEAD') return void response.end()
  if (cutAfter === undefined || cutAfter >= bytes.length) return void response.end(bytes)
  response.write(bytes.subarray(0, cutAfter), () => response.socket?.destroy())
}

/** The sums that a request brings must be those of its body. */
function checkSums(headers: IncomingMessage['headers'], body: Buffer): void {
  const crc = headers['x-amz-checksum-crc32']
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  if (typeof crc === 'string' && crc !== sum.toString('base64')) throw new Refusal(400, 'BadDigest')
  const sha256sum = headers['x-amz-checksum-sha256']
  if (typeof sha256sum === 'string' && sha256sum !== createHash('sha256').update(body).digest('base64')) throw new Refusal(400, 'BadDigest')
  const sha256 = headers['x-amz-content-sha256']
  const hex = typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
  if (hex && sha256 !== createHash('sha256').update(body).digest('hex')) throw new Refusal(400, 'XAmzContentSHA256Mismatch')
  if (headers['content-encoding']?.includes('aws-chunked')) throw new Refusal(501, 'NotImplemented')
}

function hasChecksum(headers: IncomingMessage['headers']): boolean {
  return headers['x-amz-checksum-crc32'] !== undefined || headers['x-amz-checksum-sha256'] !== undefined
}

/** What a request says of an object that is told again with it. */
function toldOf(headers: IncomingMessage['headers']): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-') || name === 'x-amz-checksum-sha256')
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))
}

/** What the bucket holds, and what is asked of it. */
class Bucket {
  readonly objects = new Map<string, Stored>()
  readonly uploads = new Map<string, Upload>()
  mostPartsAtOnce = 0
  unchecked = 0
  #partsNow = 0

  partBegins(): void {
    this.#partsNow += 1
    this.mostPartsAtOnce = Math.max(this.mostPartsAtOnce, this.#partsNow)
  }

  partEnds(): void {
    this.#partsNow -= 1
  }

  handle(asked: Asked): Answer {
    const { method, name, query, headers, body } = asked
    const uploadId = query.get('uploadId')
    if (name === '') return this.#ofBucket(method, query)
    if (method === 'POST' && query.has('uploads')) return this.#begin(name, toldOf(headers))
    if (uploadId !== null) return this.#ofUpload(asked, uploadId)
    if (method === 'PUT' && headers['x-amz-copy-source'] !== undefined) return this.#copy(name, String(headers['x-amz-copy-source']))
    if (method === 'PUT') return { headers: { ETag: this.#store(this.objects, name, body, toldOf(headers)) } }
    if (method === 'GET' || method === 'HEAD') return this.#read(asked)
    if (method !== 'DELETE') throw new Refusal(501, 'NotImplemented')
    this.objects.delete(name)
    return { status: 204 }
  }

  #store<K>(map: Map<K, Stored>, key: K, bytes: Buffer, told: Record<string, string> = {}): string {
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
    map.set(key, { bytes, etag, modifiedAt: new Date(), told })
    return etag
  }

  #copy(name: string, source: string): Answer {
    const object = this.objects.get(source.split('/').slice(1).map(decodeURIComponent).join('/'))
    if (!object) throw new Refusal(404, 'NoSuchKey')
    return { body: `<CopyObjectResult><ETag>${this.#store(this.objects, name, object.bytes, object.told)}</ETag></CopyObjectResult>` }
  }

  #read({ name, headers }: Asked): Answer {
    const object = this.objects.get(name)
    if (!object) throw new Refusal(404, 'NoSuchKey')
    if (headers['if-match'] !== undefined && headers['if-match'] !== object.etag) throw new Refusal(412, 'PreconditionFailed')
    const told = { ETag: object.etag, 'Last-Modified': object.modifiedAt.toUTCString(), ...object.told }
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '')
    if (!range) return { headers: told, body: object.bytes }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]) + 1, object.bytes.length)]
    if (start >= object.bytes.length) throw new Refusal(416, 'InvalidRange')
    const part = { 'Content-Range': `bytes ${start}-${end - 1}/${object.bytes.length}` }
    return { status: 206, headers: { ...told, ...part }, body: object.bytes.subarray(start, end) }
  }

  #begin(name: string, told: Record<string, string>): Answer {
    const id = randomUUID()
    this.uploads.set(id, { name, begunAt: new Date(), parts: new Map(), told })
    return { body: `<InitiateMultipartUploadResult><Key>${name}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>` }
  }

  #ofUpload({ method, query, body }: Asked, id: string): Answer {
    const upload = this.uploads.get(id)
    if (!upload) throw new Refusal(404, 'NoSuchUpload')
    if (method === 'PUT') return { headers: { ETag: this.#store(upload.parts, Number(query.get('partNumber')), body) } }
    if (method === 'GET') return { body: listOfParts(upload) }
    if (method === 'POST') this.#complete(upload, body.toString())
    if (method === 'POST' || method === 'DELETE') this.uploads.delete(id)
    return method === 'POST' ? { body: '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>' } : { status: 204 }
  }

  #complete(upload: Upload, xml: string): void {
    const named = [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll('&quot;', '"'),
    }))
    const parts = named.map(({ number, etag }) => {
      const part = upload.parts.get(number)
      if (part?.etag !== etag) throw new Refusal(400, 'InvalidPart')
      return part!.bytes
    })
    if (named.length === 0 || named.some(({ number }, index) => number <= (named[index - 1]?.number ?? 0))) throw new Refusal(400, 'InvalidPartOrder')
    if (parts.slice(0, -1).some((part) => part.length < smallestPart)) throw new Refusal(400, 'EntityTooSmall')
    this.#store(this.objects, upload.name, Buffer.concat(parts), upload.told)
  }

  #ofBucket(method: string, query: URLSearchParams): Answer {
    if (method === 'HEAD') return {}
    const prefix = query.get('prefix') ?? ''
    if (query.has('uploads')) return this.#listUploads(prefix, query)
    if (query.get('list-type') !== '2') throw new Refusal(501, 'NotImplemented')
    const after = query.get('continuation-token') ?? ''
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after).toSorted()
    const page = names.slice(0, pageSize)
    const contents = page.map((name) => {
      const { bytes, modifiedAt } = this.objects.get(name)!
      return `<Contents><Key>${name}</Key><Size>${bytes.length}</Size><LastModified>${modifiedAt.toISOString()}</LastModified></Contents>`
    })
    const next = `<NextContinuationToken>${page.at(-1) ?? ''}</NextContinuationToken>`
    const more = names.length > page.length
    return { body: `<ListBucketResult><IsTruncated>${more}</IsTruncated>${more ? next : ''}${contents.join('')}</ListBucketResult>` }
  }

  #listUploads(prefix: string, query: URLSearchParams): Answer {
    const after = query.get('key-marker') ?? ''
    const all = [...this.uploads]
      .filter(([, { name }]) => name.startsWith(prefix) && name > after)
      .toSorted((a, b) => (a[1].name < b[1].name ? -1 : 1))
    const page = all.slice(0, pageSize)
    const items = page.map(
      ([id, { name, begunAt }]) => `<Upload><Key>${name}</Key><UploadId>${id}</UploadId><Initiated>${begunAt.toISOString()}</Initiated></Upload>`,
    )
    const [id, last] = page.at(-1) ?? ['', { name: '' }]
    const next = `<NextKeyMarker>${last.name}</NextKeyMarker><NextUploadIdMarker>${id}</NextUploadIdMarker>`
    return {
      body: `<ListMultipartUploadsResult><IsTruncated>${all.length > page.length}</IsTruncated>${next}${items.join('')}</ListMultipartUploadsResult>`,
    }
  }
}

function listOfParts({ parts }: Upload): string {
  const items = [...parts].map(([number, { bytes, etag }]) => {
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(bytes))
    const checksum = `<ChecksumCRC32>${sum.toString('base64')}</ChecksumCRC32>`
    return `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag><Size>${bytes.length}</Size>${checksum}</Part>`
  })
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${items.join('')}</ListPartsResult>`
}
