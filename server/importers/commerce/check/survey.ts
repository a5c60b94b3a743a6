import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import { commerceTypes } from '../../../../shared/schemas/commerce-options.ts'
import { ContentDigest } from './content-digest.ts'
import type { Documents } from '../read/documents.ts'
import { Surveyor, noRecords } from './surveyor.ts'
import type { SurveyOptions, SurveyedDocument } from './surveyor.ts'

/** So many files that were passed over are told by name. */
const mostPassed = 20

export type Survey = {
  /** In the order in which they are loaded: what brings goods and what they refer to before what brings offers alone. */
  documents: SurveyedDocument[]
  /** Orders, and files that are no XML: passed over. */
  orders: number
  passed: string[]
  /** What was read, as one text: the same content has the same. */
  digest: string
}

/** So many documents are read at the same time. */
const mostAtOnce = 2

/** Reads every file to its end before anything is written, and keeps what it says: a damaged one ends the run here. Throws what reading throws, `file_unsupported` for no XML. */
export async function surveyDocuments({ documents }: Documents, options: SurveyOptions): Promise<Survey> {
  const digest = new ContentDigest()
  const stop = new AbortController()
  const surveyor = new Surveyor(documents, options, AbortSignal.any([options.context.signal, stop.signal]))
  const left = documents.map((document, at) => ({ at, document: digest.watched(document) }))
  const found: (SurveyedDocument | null)[] = documents.map(() => null)
  const readOn = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) found[next.at] = await surveyor.survey(next.document)
  }
  // The guard asks the target about one piece after the other.
  const readers = Array.from({ length: options.guard ? 1 : mostAtOnce }, async () => await readOn().catch((thrown: unknown) => stop.abort(thrown)))
  await Promise.all(readers)
  stop.signal.throwIfAborted()
  const taken = found.filter((one) => one !== null)
  return {
    documents: taken.toSorted((a, b) => Number(b.goodsFirst) - Number(a.goodsFirst)),
    orders: surveyor.orders,
    passed: documents.flatMap(({ name }, at) => (found[at] ? [] : [name])),
    digest: digest.toString(),
  }
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
