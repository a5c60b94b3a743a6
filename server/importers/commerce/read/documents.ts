import { addAbortSignal } from 'node:stream'
import { finished } from 'node:stream/promises'
import { AppError } from '../../../errors.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import { isPictureHead, pictureHeadBytes } from '../pictures/picture-files.ts'
import { readZip } from './zip.ts'

/** A file that may be an XML text: an uploaded one, or one in an uploaded zip. */
export type Document = {
  /** For people, and what a rejected record is found by: `export.zip/goods/1/import.xml`. */
  name: string
  size: number
  inZip: boolean
  open(): AsyncIterable<Buffer>
}

export type Documents = {
  documents: Document[]
  /** Pictures and other files that were not read. */
  passed: number
  /** Where the pictures among them lie. */
  pictures: string[]
  close(): void
}

// Not looked into; everything else is judged by its first bytes.
const passedOver = /\.(jpe?g|png|gif|webp|bmp|tiff?|svg|pdf|docx?|xlsx?|mp4)$/i
const picture = /\.(jpe?g|png|gif|webp|bmp|tiff?|svg)$/i

/**
 * The files of a run that can hold records, those in zips one by one, in the order of their names within a zip: 1C refers to what an earlier name brings.
 * Each zip is read whole once before, so that one which changed on the disk is not taken for real.
 */
export async function openDocuments(files: JobFile[], signal: AbortSignal): Promise<Documents> {
  const documents: Document[] = []
  const closers: (() => void)[] = []
  const close = (): void => {
    for (const closer of closers.splice(0)) closer()
  }
  const pictures: string[] = []
  let passed = 0
  try {
    for (const file of toldApart(files)) {
      const head = await headOf(file)
      if (isPictureHead(head)) {
        passed += 1
        pictures.push(file.path)
        continue
      }
      if (!isZipHead(head)) {
        documents.push({ name: file.name, size: file.size, inZip: false, open: () => addAbortSignal(signal, file.open()) })
        continue
      }
      await readWhole(file, signal)
      const zip = await readZip(file)
      closers.push(zip.close)
      for (const entry of zip.entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        if (picture.test(entry.name)) pictures.push(entry.name)
        if (passedOver.test(entry.name)) passed += 1
        else documents.push({ name: `${file.name}/${entry.name}`, size: entry.size, inZip: true, open: () => entry.open() })
      }
    }
    if (documents.length === 0 && pictures.length > 0) throw picturesAlone()
    return { documents, passed, pictures, close }
  } catch (error) {
    close()
    if (signal.aborted) throw signal.reason
    throw error
  }
}

/** Files of one name get numbers: a rejected record is found again by the name of its file. */
function toldApart(files: JobFile[]): JobFile[] {
  const seen = new Map<string, number>()
  return files.map((file) => {
    const count = (seen.get(file.name) ?? 0) + 1
    seen.set(file.name, count)
    return count === 1 ? file : { ...file, name: `${file.name} (${count})`, open: () => file.open(), read: (start, end) => file.read(start, end) }
  })
}

async function readWhole(file: JobFile, signal: AbortSignal): Promise<void> {
  const pieces = addAbortSignal(signal, file.open())
  pieces.resume()
  await finished(pieces, { signal })
}

async function headOf(file: JobFile): Promise<Buffer> {
  if (file.size < 4) return Buffer.alloc(0)
  return Buffer.concat((await file.read(0, Math.min(file.size, pictureHeadBytes)).toArray()) as Buffer[])
}

function picturesAlone(): AppError {
  return new AppError('file_unsupported', 'There are pictures alone, and nothing that names them. Send the XML files of the export with them.')
}

/** Whether the first bytes are those of a zip, an empty one included. */
export function isZipHead([a, b, c, d]: Uint8Array): boolean {
  return a === 0x50 && b === 0x4b && ((c === 3 && d === 4) || (c === 5 && d === 6) || (c === 7 && d === 8))
}

/** What a file is that holds no XML text, or null when it may. */
export function notXml(head: Uint8Array): string | null {
  if (head.length === 0) return 'empty'
  if (isZipHead(head)) return 'a zip within a zip, which is not opened'
  const text = Buffer.from(head.subarray(0, 200)).toString('latin1').replaceAll('\0', '')
  return /^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*</.test(text) ? null : 'no XML'
}

export function notTaken(name: string, what: string): AppError {
  return new AppError(
    'file_unsupported',
    `${name} can't be taken over: it is ${what}. Send XML files as 1C exports them (CommerceML 2 or 3), or a zip of them.`,
    {
      details: { file: name },
    },
  )
}
