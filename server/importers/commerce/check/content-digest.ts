import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import type { Document } from '../read/documents.ts'
import { bytesOf, encodingBytes, encodingOf, markLength } from '../read/encoding.ts'
import type { Encoding } from '../read/encoding.ts'

/** So much of a document is looked through for its root tag. */
const rootWithin = 4096
const rootTag = /<(?:[\w.-]+:)?КоммерческаяИнформация(?:\s[^<>]*)?>/

/** What the documents of a run say, as one text: without their root tags, which bear the moment of the export. */
export class ContentDigest {
  readonly #documents: string[] = []

  /** The same document; what is read of it is counted in when it comes to its end. Documents count in the order of these calls. */
  watched(document: Document): Document {
    const place = this.#documents.push('') - 1
    return { ...document, open: () => this.#watch(document, place) }
  }

  toString(): string {
    return createHash('sha256').update(this.#documents.join()).digest('hex')
  }

  async *#watch(document: Document, place: number): AsyncGenerator<Buffer> {
    const hash = createHash('sha256')
    let head: Buffer | null = Buffer.alloc(0)
    for await (const chunk of document.open()) {
      if (head) head = begun(hash, document.name, Buffer.concat([head, chunk]))
      else hash.update(chunk)
      yield chunk
    }
    if (head) countBegin(hash, document.name, head)
    this.#documents[place] = hash.digest('hex')
  }
}

/** The digest of documents that are read for nothing else. Throws what reading throws, and the reason of `signal`. */
export async function digestOf(documents: Document[], signal: AbortSignal): Promise<string> {
  const digest = new ContentDigest()
  for (const document of documents) {
    for await (const { length } of digest.watched(document).open()) if (length > 0) signal.throwIfAborted()
  }
  return digest.toString()
}

/** Counts in a beginning without its root tag; answers it when it is too short to say. */
function begun(hash: Hash, name: string, head: Buffer): Buffer | null {
  if (head.length < rootWithin) return head
  countBegin(hash, name, head)
  return null
}

/** The same bytes are another text in another encoding, which may be told by what is left out. */
function countBegin(hash: Hash, name: string, head: Buffer): void {
  const encoding = encodingOf(name, head.subarray(0, encodingBytes))
  hash.update(encoding).update(head.subarray(rootEnd(head, encoding)))
}

function rootEnd(head: Buffer, encoding: Encoding): number {
  const text = new TextDecoder(encoding).decode(head.subarray(0, rootWithin))
  const match = rootTag.exec(text)
  return match ? markLength(head) + bytesOf(text.slice(0, match.index + match[0].length), encoding) : 0
}
