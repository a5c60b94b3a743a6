/** A multipart form with one file, written on the way. `length` counts all of it. */
export type FormBody = { contentType: string; length: number; pieces: AsyncIterable<Uint8Array> }

/** `boundary` must not be in the file: take a random one. RFC 7578; names as browsers write them. */
export function formBody(
  boundary: string,
  fields: Record<string, string>,
  file: { name: string; size: number; pieces: AsyncIterable<Uint8Array> },
): FormBody {
  const parts = Object.entries(fields).map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
  const disposition = `form-data; name="file"; filename="${escaped(file.name)}"`
  const head = Buffer.from(`${parts.join('')}--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: application/octet-stream\r\n\r\n`)
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield head
    yield* file.pieces
    yield tail
  }
  return { contentType: `multipart/form-data; boundary=${boundary}`, length: head.length + file.size + tail.length, pieces: pieces() }
}

function escaped(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
