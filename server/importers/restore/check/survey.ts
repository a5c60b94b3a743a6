import { AppError } from '../../../errors.ts'
import type { FixtureObject, FixtureRecord } from '../record.ts'
import { excerptOf } from '../report/excerpt.ts'
import type { Excerpt } from '../report/excerpt.ts'
import { ValueFacts } from './value-facts.ts'

/** Where a field was seen first, how often, and, for models without a table, what its values are like. */
export type FieldSurvey = { count: number; first: Excerpt; facts: ValueFacts }

export type ModelSurvey = {
  label: string
  count: number
  first: Excerpt
  /** Of the primary keys. */
  keys: ValueFacts
  fields: Map<string, FieldSurvey>
}

type Watched = { survey: ModelSurvey; hasTable: boolean; forms: Map<string, Form>; last: Form | null }
type Form = { names: string[]; count: number }

/** No app has so many; a file that does is not a backup, and must not fill the memory. */
const most = { models: 5000, fields: 2000, forms: 10_000 }

/** What the files hold: counted while they are read, in memory that does not grow with them. */
export class Survey {
  total = 0
  readonly #models = new Map<string, Watched>()
  readonly #hasTable: (label: string) => boolean

  constructor(hasTable: (label: string) => boolean) {
    this.#hasTable = hasTable
  }

  /** Throws `file_limit`. */
  see(record: FixtureRecord): void {
    this.total += 1
    if (record.value) this.#see(record, record.value)
  }

  models(): ModelSurvey[] {
    return [...this.#models.values()].map(({ survey, forms }) => {
      for (const { names, count } of forms.values()) for (const name of names) (survey.fields.get(name) as FieldSurvey).count += count
      forms.clear()
      return survey
    })
  }

  #see(record: FixtureRecord, value: FixtureObject): void {
    const watched = this.#models.get(value.model) ?? this.#watch(record, value.model)
    watched.survey.count += 1
    if (watched.last && hasFields(watched.last.names, value.fields)) watched.last.count += 1
    else countForm(watched, record, value.fields)
    if (!watched.hasTable) inspect(watched.survey, value)
  }

  #watch(record: FixtureRecord, label: string): Watched {
    const survey = { label, count: 0, first: excerptOf(record), keys: new ValueFacts(), fields: new Map<string, FieldSurvey>() }
    const watched = { survey, hasTable: this.#hasTable(label), forms: new Map<string, Form>(), last: null }
    this.#models.set(label, watched)
    refuseMore(record, 'models', this.#models.size)
    return watched
  }
}

function countForm(watched: Watched, record: FixtureRecord, fields: Record<string, unknown>): void {
  const names = Object.keys(fields)
  const id = JSON.stringify(names)
  const form = watched.forms.get(id) ?? newForm(watched.survey, record, names)
  form.count += 1
  watched.forms.set(id, form)
  watched.last = form
  refuseMore(record, 'forms', watched.forms.size)
  refuseMore(record, 'fields', watched.survey.fields.size)
}

function newForm({ fields }: ModelSurvey, record: FixtureRecord, names: string[]): Form {
  for (const name of names) if (!fields.has(name)) fields.set(name, { count: 0, first: excerptOf(record), facts: new ValueFacts() })
  return { names, count: 0 }
}

function inspect({ keys, fields }: ModelSurvey, value: FixtureObject): void {
  keys.see(value.pk)
  for (const name in value.fields) fields.get(name)?.facts.see(value.fields[name])
}

function hasFields(names: string[], fields: Record<string, unknown>): boolean {
  let at = 0
  for (const name in fields) if (names[at++] !== name) return false
  return at === names.length
}

function refuseMore({ file, record, line, byte }: FixtureRecord, what: keyof typeof most, count: number): void {
  if (count <= most[what]) return
  const names = { models: 'different models', fields: 'different fields of one model', forms: 'different sets of fields of one model' }
  throw new AppError('file_limit', `${file} has more than ${most[what]} ${names[what]}, which no real backup has.`, {
    details: { file, record, line, byte },
  })
}
