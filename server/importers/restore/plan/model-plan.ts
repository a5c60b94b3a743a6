import type { Cell, Column, Table } from '../../../targets/target.ts'
import { RecordRefused, shown } from '../problem.ts'
import type { Problem } from '../problem.ts'
import type { FixtureObject, FixtureRecord } from '../record.ts'
import { findColumn } from '../schema/catalog.ts'
import type { Draft } from './draft.ts'
import { fieldStep, keyTake } from './field-step.ts'
import type { FieldStep, StepParts } from './field-step.ts'
import { settleColumns } from './model-shape.ts'
import type { Columns, KeyMode } from './model-shape.ts'

/** Records of one model with the same fields in the same order: compiled once. */
type Form = {
  fields: string[]
  mode: KeyMode
  steps: FieldStep[]
  /** Where the cell of each field goes; -1 for what is no column. */
  at: number[]
  keys: ((value: unknown) => Cell)[]
  columns: Columns
  problem: Problem | null
}

/** Turns the records of one model into drafts of rows. */
export class ModelPlan {
  readonly label: string
  readonly table: Table
  readonly #name: string
  readonly #parts: StepParts
  readonly #now: string
  readonly #steps = new Map<string, FieldStep>()
  readonly #forms = new Map<string, Form>()
  #last: Form | null = null

  constructor(label: string, table: Table, name: string, parts: StepParts, now: string) {
    this.label = label
    this.table = table
    this.#name = name
    this.#parts = parts
    this.#now = now
  }

  /** What is done with a field; the same object each time. */
  step(field: string): FieldStep {
    const known = this.#steps.get(field)
    if (known) return known
    const step = fieldStep(this.#parts, { label: this.label, table: this.table, name: this.#name }, field)
    this.#steps.set(field, step)
    return step
  }

  /** Throws RecordRefused. */
  draft(ordinal: number, record: FixtureRecord, value: FixtureObject): Draft {
    const { fields } = value
    const mode = value.pk === undefined ? 'absent' : value.pk === null ? 'null' : 'given'
    const form = this.#last && fits(this.#last, fields, mode) ? this.#last : this.#form(fields, mode)
    this.#last = form
    if (form.problem) throw new RecordRefused(form.problem)
    const { names, shapes, from, filled } = form.columns
    const cells = Array<Cell>(names.length)
    const draft: Draft = { ordinal, record, label: this.label, shapes, cells, links: null, waits: null }
    if (mode === 'given') this.#takeKey(form, value.pk, cells)
    for (let index = 0; index < form.steps.length; index += 1) {
      const step = form.steps[index] as FieldStep
      const at = form.at[index] as number
      if (step.kind === 'column') cells[at] = step.take(fields[form.fields[index] as string], draft, at)
      else if (step.kind === 'links') step.take(fields[form.fields[index] as string], draft)
    }
    for (let index = 0; index < filled.length; index += 1) {
      const fill = filled[index] as Cell | (() => Cell)
      cells[from + index] = typeof fill === 'function' ? fill() : fill
    }
    return draft
  }

  #takeKey({ keys }: Form, pk: unknown, cells: Cell[]): void {
    if (keys.length === 1) {
      cells[0] = (keys[0] as (value: unknown) => Cell)(pk)
      return
    }
    if (!Array.isArray(pk) || pk.length !== keys.length) {
      const message = `The key ${shown(pk)} is not a list of ${keys.length} values: the primary key of table "${this.table.name}" is ${this.table.primaryKey.join(', ')}.`
      throw new RecordRefused({ code: 'value_invalid', message, details: { table: this.table.name } })
    }
    for (const [at, take] of keys.entries()) cells[at] = take(pk[at])
  }

  #form(fields: Record<string, unknown>, mode: KeyMode): Form {
    const names = Object.keys(fields)
    const id = JSON.stringify([mode, names])
    const known = this.#forms.get(id)
    if (known) return known
    const form = this.#compile(names, mode)
    this.#forms.set(id, form)
    return form
  }

  #compile(fields: string[], mode: KeyMode): Form {
    const steps = fields.map((field) => this.step(field))
    const own: string[] = mode === 'given' ? [...this.table.primaryKey] : []
    const at = steps.map((step) => (step.kind === 'column' ? place(own, step.column) : -1))
    const missing = steps.find((step) => step.kind === 'missing')
    const keyColumns = this.table.primaryKey.map((name) => findColumn(this.table, name) as Column)
    return {
      fields,
      mode,
      steps,
      at,
      keys: keyColumns.map((column) => keyTake(this.#parts, this.table, column)),
      columns: settleColumns(this.table, own, mode, this.#now),
      problem: missing?.kind === 'missing' ? missing.problem : (twice(this.label, steps) ?? keyProblem(this.label, this.table, mode)),
    }
  }
}

/** Whether a record has exactly the fields of a form, in their order. */
function fits({ fields, mode }: Form, given: Record<string, unknown>, givenMode: KeyMode): boolean {
  if (mode !== givenMode) return false
  let at = 0
  for (const name in given) if (fields[at++] !== name) return false
  return at === fields.length
}

function place(own: string[], column: Column): number {
  const known = own.indexOf(column.name)
  return known >= 0 ? known : own.push(column.name) - 1
}

/** Two fields for one column: which of them would win nobody could say. A primary key beside the fields and among them is one and the same. */
function twice(label: string, steps: FieldStep[]): Problem | null {
  const seen = new Set<string>()
  for (const step of steps) {
    if (step.kind !== 'column') continue
    const { name } = step.column
    if (seen.has(name)) return { code: 'column_missing', message: `${label} has two fields for column "${name}".`, details: { column: name } }
    seen.add(name)
  }
  return null
}

function keyProblem(label: string, table: Table, mode: KeyMode): Problem | null {
  if (mode !== 'given' || table.primaryKey.length > 0) return null
  const message = `Records of ${label} have a key, but table "${table.name}" has no primary key to find them by.`
  return { code: 'column_missing', message, details: { table: table.name } }
}
