import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import { commerceTypes } from '../../../../shared/schemas/commerce-options.ts'
import type { JobContext } from '../../../jobs/importer.ts'
import { ContentDigest } from './content-digest.ts'
import { keepsToCount, takes } from '../load/steps.ts'
import type { Document, Documents } from '../read/documents.ts'
import { notTaken, notXml } from '../read/documents.ts'
import { openRecords } from '../read/read-records.ts'
import type { CommerceRecord } from '../read/record.ts'
import type { RunProgress } from '../report/run-progress.ts'

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

export type SurveyOptions = {
  context: JobContext
  progress: RunProgress
  types: CommerceType[]
  wants: (record: CommerceRecord) => boolean
  /** The prices of offers are looked at. */
  watchesPrices: boolean
  /** Looks at each record on the way. */
  watch(record: CommerceRecord): Promise<void>
}

/** Reads every file to its end before anything is written: a damaged one ends the run here. Throws what reading throws, `file_unsupported` for no XML. */
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
  const pieces = await openRecords(digest.watched(document), options.context.signal, {
    way: 'strict',
    keep: (kind, child) => keepsToCount(kind, child, options.watchesPrices),
  })
  if ('head' in pieces) {
    // Within a zip other files are passed over; one that was sent for itself was meant to be taken.
    if (!document.inZip) throw notTaken(document.name, notXml(pieces.head) ?? 'no XML')
    survey.passed.push(document.name)
    return null
  }
  const counts = Object.fromEntries(commerceTypes.map((type) => [type, 0])) as Record<CommerceType, number>
  const kinds = new Set<string>()
  let records = 0
  let orders = 0
  for await (const piece of pieces) {
    for (const record of piece.records) {
      kinds.add(record.kind)
      if (!options.wants(record)) continue
      await options.watch(record)
      for (const type of options.types) if (takes(type, record)) counts[type] += 1
      records += 1
    }
    orders = piece.orders
    options.progress.checking(share(piece.read), records, document.name)
  }
  survey.orders += orders
  return { document, counts, goodsFirst: !kinds.has('offer') || kinds.has('product') }
}

export function totalOf({ documents }: Survey, types: CommerceType[]): number {
  return documents.reduce((sum, { counts }) => sum + types.reduce((part, type) => part + counts[type], 0), 0)
}
