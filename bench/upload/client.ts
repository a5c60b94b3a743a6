import { request } from 'node:http'
import type { OutgoingHttpHeaders } from 'node:http'

/**
 * Sends so many bytes as one upload, from a process of its own, and prints the seconds from the first byte to the answer. Arguments: URL, bytes, way (`bare`,
 * `form`, or `tus`, which goes on with an upload that was begun), login cookie.
 */
const [, , url = '', bytes = '0', way = 'bare', cookie = ''] = process.argv
// As long as browsers make it.
const boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW8'

const size = Number(bytes)
// A list with nothing in it but blanks: content that a restore takes.
const piece = Buffer.alloc(1024 * 1024, ' ')
const head = Buffer.from(
  way === 'form' ? [field('kind', 'restore'), field('target', 'main'), field('options', '{"again":true}'), fileHead('bench.json')].join('') : '',
)
const tail = Buffer.from(way === 'form' ? `\r\n--${boundary}--\r\n` : '')
const headersOf: Record<string, OutgoingHttpHeaders> = {
  bare: {},
  form: { cookie, 'Content-Type': `multipart/form-data; boundary=${boundary}` },
  tus: { cookie, 'Content-Type': 'application/offset+octet-stream', 'Tus-Resumable': '1.0.0', 'Upload-Offset': '0' },
}

function field(name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
}

function fileHead(name: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/json\r\n\r\n`
}

function* body(): Generator<Buffer> {
  yield head
  yield Buffer.from('[')
  let left = size - 2
  for (; left > piece.length; left -= piece.length) yield piece
  yield piece.subarray(0, left)
  yield Buffer.from(']')
  yield tail
}

const start = performance.now()
const headers = { 'Content-Length': head.length + size + tail.length, ...headersOf[way] }
const asked = request(url, { method: way === 'tus' ? 'PATCH' : 'POST', headers }, (response) => {
  let text = ''
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  response.on('end', () => process.stdout.write(JSON.stringify({ seconds: (performance.now() - start) / 1000, status: response.statusCode, text })))
})
for (const chunk of body()) {
  if (!asked.write(chunk)) await new Promise((resolve) => asked.once('drain', resolve))
}
asked.end()
