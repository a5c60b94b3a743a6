import type { Edit, Source } from './edits.ts'

/** Readers look for the last end-of-file marker, and `startxref` before it, in so many bytes at the end (ISO 32000-1, annex H.3, note 18). */
const tailBytes = 1024

/**
 * A comment behind the end of a PDF. ISO 32000-1, 7.2.3: from "%" to the end of the line, outside of strings and streams, it means nothing. Not where readers
 * would then no longer find the end, and not where something else stands behind it: that is an archive with a document in it, which has an end of its own.
 */
export async function markPdf({ head, size, read }: Source, text: string): Promise<Edit[] | null> {
  if (!head.subarray(0, tailBytes).includes('%PDF-')) return null
  const put = Buffer.from(`\n%${text}\n`, 'latin1')
  const tail = (await read(Math.max(0, size - tailBytes), size)).toString('latin1')
  const start = tail.lastIndexOf('startxref')
  const end = tail.lastIndexOf('%%EOF')
  if (start < 0 || end < start || !meansNothing(tail.slice(end + 5))) return null
  return tail.length - start + put.length > tailBytes ? null : [{ at: size, drop: 0, put }]
}

/** Whether nothing but white space (7.2.2) and lines with comments follow the marker. */
function meansNothing(rest: string): boolean {
  const [sameLine = '', ...lines] = rest.split(/[\r\n]/)
  return /^[\0\t\f ]*$/.test(sameLine) && lines.every((line) => /^[\0\t\f ]*(?:%|$)/.test(line))
}
