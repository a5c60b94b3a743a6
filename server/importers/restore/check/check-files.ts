import type { AppError } from '../../../errors.ts'
import type { JobFile } from '../../../jobs/importer.ts'
import type { Problem } from '../problem.ts'
import type { FixtureRecord } from '../record.ts'
import { excerptOf } from '../report/excerpt.ts'
import type { Excerpt } from '../report/excerpt.ts'
import type { ReadBytes, RecordSource, Wants } from '../source/record-source.ts'
import { IdentityRecords } from './identity-records.ts'
import { Survey } from './survey.ts'
import type { ModelSurvey } from './survey.ts'

/** A place in the files at which something is wrong. */
export type Fault = { excerpt: Excerpt; problem: Problem }

/** What a first reading of all files found out. */
export type Check = {
  /** Records that are to be loaded. */
  total: number
  models: ModelSurvey[]
  identities: IdentityRecords
  /** Records that are none, the first of them; `broken` counts all. */
  faults: Fault[]
  broken: number
  /** Files that can't be read to their end: the place where each one breaks off. */
  damages: Fault[]
}

export type CheckOptions = {
  signal: AbortSignal
  wants?: Wants
  hasTable: (label: string) => boolean
  /** Read on behind a file that is damaged. Without it the damage is thrown. */
  passDamages: boolean
  onRead: (bytes: ReadBytes, records: number) => void
}

const mostFaults = 1000

/** Reads every file to its end before anything is written. Throws what the reader throws. */
export async function checkFiles(source: RecordSource, options: CheckOptions): Promise<Check> {
  const survey = new Survey(options.hasTable)
  const identities = new IdentityRecords()
  const faults: Fault[] = []
  const damages: Fault[] = []
  let broken = 0
  const onDamage = (error: AppError, file: JobFile, after: FixtureRecord | null): void => void damages.push(damageOf(error, file, after))
  const chunks = source.chunks({
    signal: options.signal,
    ...(options.wants && { wants: options.wants }),
    ...(options.passDamages && { onDamage }),
    onRead: (bytes) => options.onRead(bytes, survey.total),
  })
  for await (const { records } of chunks) {
    for (const record of records) {
      survey.see(record)
      identities.see(record)
      if (record.problem === undefined) continue
      broken += 1
      if (faults.length < mostFaults) faults.push({ excerpt: excerptOf(record), problem: { code: 'record_invalid', message: record.problem } })
    }
  }
  return { total: survey.total, models: survey.models(), identities, faults, broken, damages }
}

function damageOf(error: AppError, file: JobFile, after: FixtureRecord | null): Fault {
  const number = (name: string): number | undefined => {
    const value = error.details?.[name]
    return typeof value === 'number' ? value : undefined
  }
  const record = Math.max(number('record') ?? 0, (after?.record ?? 0) + 1)
  const line = number('line')
  const excerpt = { file: file.name, record, byte: number('byte') ?? after?.byte ?? 0, ...(line !== undefined && { line }) }
  const message = `${error.message} What comes after this place could not be read, and how many records that are nobody can say.`
  return { excerpt, problem: { code: error.code, message } }
}
