import type { Edit, Source } from './edits.ts'

/** Readers look for the last end-of-file marker in so many bytes at the end (ISO 32000-1, annex H.3, note 18). */
const tailBytes = 1024

/**
 * A comment behind the end of a PDF. ISO 32000-1, 7.2.3: from "%" to the end of the line, outside of strings and streams, it means nothing. Not where readers
 * would then no longer find the end-of-file marker.
 */
export async function markPdf({ head, size, read }: Source, text: string): Promise<Edit[] | null> {
  if (!head.subarray(0, tailBytes).includes('%PDF-')) return null
  const put = Buffer.from(`\n%${text}\n`, 'latin1')
  const tail = await read(Math.max(0, size - tailBytes), size)
  const end = tail.lastIndexOf('%%EOF')
  if (end < 0 || tail.length - end + put.length > tailBytes) return null
  return [{ at: size, drop: 0, put }]
}
