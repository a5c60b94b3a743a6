import type { Edit, Source } from './edits.ts'
import { markIsoMedia } from './mark-iso-media.ts'
import { markJpeg } from './mark-jpeg.ts'
import { markMatroska } from './mark-matroska.ts'
import { markMp3 } from './mark-mp3.ts'
import { markOgg } from './mark-ogg.ts'
import { markPdf } from './mark-pdf.ts'
import { markPng } from './mark-png.ts'
import { markWav } from './mark-wav.ts'
import { markText } from './mark.ts'
import type { Mark } from './mark.ts'

/** Bytes of the beginning that are looked at: they hold the segments of a JPEG with its colour profile, and the headers of all others. */
export const headBytes = 1024 * 1024

/** One for each kind of file that bears a mark. */
const markers = [markPng, markJpeg, markPdf, markIsoMedia, markMatroska, markWav, markOgg, markMp3]

/** How files begin that may bear a mark: it takes the first kilobyte to see that most others do not. */
const beginnings = /^(?:\x89PNG|\xff[\xd8\xe0-\xff]|[^]{0,1019}%PDF-|[^]{4}(?:ftyp|moov|mdat|wide|free|skip)|\x1a\x45\xdf\xa3|RIFF|OggS|ID3)/

export const firstBytes = 1024

/** Whether it is worth while to look at more than the first bytes of a file; `findPlace` answers null for all others. */
export function mayBearMark(first: Buffer): boolean {
  return beginnings.test(first.toString('latin1', 0, firstBytes))
}

/** What makes a file one that bears the mark, and plays and looks as before; null for one that is copied as it is. */
export async function findPlace(source: Source, mark: Mark): Promise<Edit[] | null> {
  const text = markText(mark)
  for (const marker of markers) {
    const edits = await marker(source, text)
    if (edits) return edits
  }
  return null
}
