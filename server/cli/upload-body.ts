import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { SentFile } from './files-to-send.ts'

/** A request body that is read as it is sent. */
export type StreamedBody = { headers: Record<string, string>; chunks: AsyncIterable<Uint8Array> }

type Part = { head: Buffer; sent?: SentFile }

/**
 * A multipart/form-data body (RFC 7578) of text fields and files, the latter read from the disk piece by piece. (A FormData of file-backed Blobs let
 * memory grow to 600 MB for a file of 1 GiB.) In the place of a file that was uploaded before stands the id of its upload.
 */
export function multipartBody(fields: Record<string, string>, files: SentFile[], uploaded: ReadonlyMap<string, string> = new Map()): StreamedBody {
  const boundary = `intake-${randomUUID()}`
  const parts: Part[] = Object.entries(fields).map(([name, value]) => ({ head: partHead(boundary, `name="${name}"`, value) }))
  for (const sent of files) {
    const uploadId = uploaded.get(sent.file)
    if (uploadId !== undefined) {
      parts.push({ head: partHead(boundary, 'name="upload"', uploadId) })
      continue
    }
    const disposition = `name="file"; filename="${escapeName(sent.path)}"`
    parts.push({ head: partHead(boundary, `${disposition}\r\nContent-Type: application/octet-stream`), sent })
  }
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  const length = parts.reduce((sum, { head, sent }) => sum + head.length + (sent?.size ?? 0), end.length)
  const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}`, 'Content-Length': String(length) }
  return { headers, chunks: bodyChunks(parts, end) }
}

function partHead(boundary: string, disposition: string, value = ''): Buffer {
  return Buffer.from(`\r\n--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}`)
}

// As browsers do: the three characters that would end the name or the line.
function escapeName(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

async function* bodyChunks(parts: Part[], end: Buffer): AsyncGenerator<Uint8Array> {
  for (const { head, sent } of parts) {
    yield head
    // A file that grows meanwhile is sent as long as it was; one that shrinks breaks the request off.
    if (sent && sent.size > 0) yield* createReadStream(sent.file, { end: sent.size - 1, highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>
  }
  yield end
}
