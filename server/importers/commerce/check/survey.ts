import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import { commerceTypes } from '../../../../shared/schemas/commerce-options.ts'
import type { JobContext } from '../../../jobs/importer.ts'
import { ContentDigest } from './content-digest.ts'
import type { Document, Documents } from '../read/documents.ts'
import { notTaken, notXml } from '../read/documents.ts'
import type { RunProgress } from '../report/run-progress.ts'
import { readSpoken } from '../spool/read-spoken.ts'
import type { Listening } from '../spool/read-spoken.ts'
import type { Piece, Spool } from '../spool/spool.ts'

/** So many files that were passed over are told by name. */
const mostPassed = 20

/** A document, with how many records each type has in it. */
export type SurveyedDocument = { document: Document; counts: Record<CommerceType, number>; goodsFirst: boolean }

export type Survey = {
  /** In the order in which they are loaded: what brings goods and what they refer to before what brings offers alone. */
  documents: SurveyedDocument[]
  /** Orders, and files that are no XML: passed over. */
  orders: number
  passed: string[]
  /** What was read, as one text: the same content has the same. */
  digest: string
}

export type SurveyOptions = Listening & {
  context: JobContext
  progress: RunProgress
  /** Keeps what the records say. */
  spool: Spool
  /** Looks at it on the way. */
  watch(piece: Piece): Promise<void>
}

/** Reads every file to its end before anything is written, and keeps what it says: a damaged one ends the run here. Throws what reading throws, `file_unsupported` for no XML. */
export async function surveyDocuments({ documents }: Documents, options: SurveyOptions): Promise<Survey> {
  const survey: Survey = { documents: [], orders: 0, passed: [], digest: '' }
  const digest = new ContentDigest()
  const size = documents.reduce((sum, document) => sum + document.size, 0)
  let before = 0
  for (const document of documents) {
    const surveyed = await surveyOne(document, digest, survey, options, (read) => (size === 0 ? 1 : Math.min(1, (before + read) / size)))
    if (surveyed) survey.documents.push(surveyed)
    before += document.size
  }
  survey.digest = digest.toString()
  survey.documents.sort((a, b) => Number(b.goodsFirst) - Number(a.goodsFirst))
  return survey
}

async function surveyOne(
  document: Document,
  digest: ContentDigest,
  survey: Survey,
  options: SurveyOptions,
  share: (read: number) => number,
): Promise<SurveyedDocument | null> {
  const spoken = await readSpoken(digest.watched(document), options.context.signal, options)
  if ('head' in spoken) {
    // Within a zip other files are passed over; one that was sent for itself was meant to be taken.
    if (!document.inZip) throw notTaken(document.name, notXml(spoken.head) ?? 'no XML')
    survey.passed.push(document.name)
    return null
  }
  const counts = noRecords()
  const known = { orders: 0, goodsFirst: true }
  for await (const { pieces, read, records, orders, goodsFirst } of spoken) {
    for (const piece of pieces) {
      await options.watch(piece)
      await options.spool.add(document.name, piece)
      counts[piece.type] += piece.records
    }
    Object.assign(known, { orders, goodsFirst })
    options.progress.checking(share(read), records, document.name)
  }
  survey.orders += known.orders
  return { document, counts, goodsFirst: known.goodsFirst }
}

/** What the check came to, in figures. */
export type SurveyFigures = { files: number; totals: Record<CommerceType, number>; orders: number; passed: string[] }

export function figuresOf({ documents, orders, passed }: Survey): SurveyFigures {
  const totals = noRecords()
  for (const { counts } of documents) for (const type of commerceTypes) totals[type] += counts[type]
  return { files: documents.length, totals, orders, passed: passed.slice(0, mostPassed) }
}

/** How many records the chosen types have together. */
export function totalOf({ totals }: SurveyFigures, types: CommerceType[]): number {
  return types.reduce((sum, type) => sum + totals[type], 0)
}

function noRecords(): Record<CommerceType, number> {
  return Object.fromEntries(commerceTypes.map((type) => [type, 0])) as Record<CommerceType, number>
}
