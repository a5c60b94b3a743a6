import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A store that takes objects and parts as fast as they come, remembers how long they are, and drops their bytes: what is measured is who sends. */
type Told = { size: number; headers: Record<string, string> }
const objects = new Map<string, Told>()
const uploads = new Map<string, Told>()

async function lengthOf(request: IncomingMessage): Promise<number> {
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) size += piece.length
  return size
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (name.startsWith('x-amz-meta-') ? [[name, String(value)]] : [])))
}

const server = createServer((request, response) => {
  void (async () => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://sink')
    const size = await lengthOf(request)
    const uploadId = searchParams.get('uploadId')
    const upload = uploads.get(uploadId ?? '')
    if (request.method === 'HEAD') {
      const object = objects.get(pathname)
      if (!object) return void response.writeHead(404).end()
      return void response.writeHead(200, { ...object.headers, 'Content-Length': object.size }).end()
    }
    if (request.method === 'POST' && searchParams.has('uploads')) {
      const id = randomUUID()
      uploads.set(id, { size: 0, headers: metadataOf(request) })
      return void response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (request.method === 'PUT' && upload) upload.size += size
    else if (request.method === 'PUT') objects.set(pathname, { size, headers: metadataOf(request) })
    if (request.method === 'PUT') return void response.writeHead(200, { ETag: `"${randomUUID()}"` }).end()
    if (request.method === 'POST' && upload) {
      objects.set(pathname, upload)
      uploads.delete(uploadId!)
      return void response.end('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>')
    }
    if (request.method === 'DELETE') return void response.writeHead(204).end()
    response.end('<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>')
  })()
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`))
