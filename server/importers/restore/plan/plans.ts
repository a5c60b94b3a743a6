import type { Problem } from '../problem.ts'
import { splitLabel, tableNames } from '../schema/django-models.ts'
import { similarName } from '../schema/similar-name.ts'
import type { Draft } from './draft.ts'
import type { StepParts } from './field-step.ts'
import { ModelPlan } from './model-plan.ts'
import { RecordRefused } from '../problem.ts'
import type { FixtureRecord } from '../record.ts'

/** The plans of a run, one for each model. */
export class Plans {
  readonly #parts: StepParts
  readonly #now: string
  readonly #plans = new Map<string, ModelPlan | Problem>()

  /** `now` is the moment of the run, ISO 8601. */
  constructor(parts: StepParts, now: string) {
    this.#parts = parts
    this.#now = now
  }

  /** The plan of a model, or why it has none. */
  of(label: string): ModelPlan | Problem {
    const known = this.#plans.get(label)
    if (known) return known
    const plan = this.#find(label)
    this.#plans.set(label, plan)
    return plan
  }

  /** Turns a record into rows. Throws RecordRefused. */
  draft(ordinal: number, record: FixtureRecord): Draft {
    if (record.value === undefined) throw new RecordRefused({ code: 'record_invalid', message: record.problem })
    const plan = this.of(record.value.model)
    if (plan instanceof ModelPlan) return plan.draft(ordinal, record, record.value)
    throw new RecordRefused(plan)
  }

  #find(label: string): ModelPlan | Problem {
    const parts = splitLabel(label)
    if (!parts) return { code: 'record_invalid', message: `"${label}" is no model: one is written as "app.model".` }
    const names = tableNames(parts.app, parts.model)
    const table = this.#parts.catalog.findAny(names)
    return table ? new ModelPlan(label, table, parts.model, this.#parts, this.#now) : this.#missing(label, names[0] ?? '')
  }

  #missing(label: string, name: string): Problem {
    const similar = similarName(
      name,
      this.#parts.catalog.tables.map((table) => table.name),
    )
    const hint = similar === null ? '' : ` Was "${similar}" meant?`
    const message = `There is no table "${name}" for the records of ${label}.${hint} Apply the migrations of the app to this database first, or switch on "create missing tables".`
    return { code: 'table_missing', message, details: { table: name, model: label } }
  }
}
