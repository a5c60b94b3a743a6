import { request } from 'node:http'

/** Sends so many bytes as one upload, from a process of its own, and prints the seconds from the first byte to the answer. Arguments: see below. */
const [, , url = '', bytes = '0', cookie = ''] = process.argv
// As long as browsers make it.
const boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW8'

const size = Number(bytes)
// A list with nothing in it but blanks: content that a restore takes.
const piece = Buffer.alloc(1024 * 1024, ' ')
const asForm = cookie !== ''
const head = asForm
  ? Buffer.from([field('kind', 'restore'), field('target', 'main'), field('options', '{"again":true}'), fileHead('bench.json')].join(''))
  : Buffer.alloc(0)
const tail = asForm ? Buffer.from(`\r\n--${boundary}--\r\n`) : Buffer.alloc(0)

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
const headers = {
  'Content-Length': head.length + size + tail.length,
  ...(asForm && { cookie, 'Content-Type': `multipart/form-data; boundary=${boundary}` }),
}
const asked = request(url, { method: 'POST', headers }, (response) => {
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
