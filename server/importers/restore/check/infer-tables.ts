import type { Column, ColumnType, Table } from '../../../targets/target.ts'
import { splitLabel, tableNames, linkTableNames } from '../schema/django-models.ts'
import { singulars } from '../schema/find-links.ts'
import type { ModelSurvey } from './survey.ts'
import { kinds } from './value-facts.ts'
import type { ValueFacts } from './value-facts.ts'

/** Names of tables that every database keeps whole. */
const longestName = 63

/** The tables that hold the records of models which have none, with types that all values of the files fit. */
export function inferTables(models: ModelSurvey[], every: ModelSurvey[]): Table[] {
  return once(models.flatMap((model) => inferModel(model, every)))
}

/** Names that differ in capital letters alone are one for some databases: the first of them. */
function once<T extends { name: string }>(named: T[]): T[] {
  const seen = new Set<string>()
  return named.filter(({ name }) => seen.size < seen.add(name.toLowerCase()).size)
}

function inferModel(model: ModelSurvey, every: ModelSurvey[]): Table[] {
  const { app, model: name } = splitLabel(model.label) ?? { app: '', model: model.label }
  const fields = [...model.fields]
  const key = keyColumn(model.keys, model.fields.has('id') ? 'pk' : 'id')
  const columns = fields.flatMap(([field, { facts }]) => (isLinks(facts) ? [] : [column(field, typeOf(facts), { nullable: true })]))
  const table = tableOf(shortest(tableNames(app, name)), once([key, ...columns]), key.name)
  const links = fields.flatMap(([field, { facts }]) => (isLinks(facts) ? [linkTable(table, name, field, facts, every)] : []))
  return [table, ...links]
}

/** Numbers, or nothing: a key that the database counts on. */
function keyColumn(keys: ValueFacts, name: string): Column {
  const counted = (keys.seen & ~kinds.nothing) === 0 || keys.only(kinds.integer | kinds.digits)
  if (counted) return column(name, 'integer', { autoIncrement: true })
  return column(name, keys.only(kinds.uuid) ? 'uuid' : 'text', {})
}

/** Whether the values of a field are links to other rows: never null, and at least once a list of keys. */
function isLinks(facts: ValueFacts): boolean {
  const lists = facts.seen & (kinds.keyList | kinds.uuidList)
  return (lists === kinds.keyList || lists === kinds.uuidList) && (facts.seen & ~(lists | kinds.emptyList)) === 0
}

const plainTypes: [number, ColumnType][] = [
  [kinds.boolean, 'boolean'],
  [kinds.integer, 'integer'],
  [kinds.integer | kinds.float, 'float'],
  [kinds.integer | kinds.float | kinds.huge | kinds.exact, 'decimal'],
  [kinds.date, 'date'],
  [kinds.date | kinds.moment, 'datetime'],
  [kinds.time, 'time'],
  [kinds.uuid, 'uuid'],
]

const structured = kinds.object | kinds.emptyList | kinds.keyList | kinds.uuidList | kinds.otherList

/** The narrowest type that holds every value without loss. */
function typeOf(facts: ValueFacts): ColumnType {
  const plain = plainTypes.find(([allowed]) => facts.only(allowed))
  if (plain) return plain[1]
  if ((facts.seen & structured) !== 0) return 'json'
  // One number of places throughout is what a DecimalField writes; versions and the like differ, and stay as they are.
  const isDecimal = facts.only(kinds.decimal) && facts.scale !== null && facts.scale !== undefined && facts.scale > 1 && facts.digits <= 15
  return isDecimal ? 'decimal' : 'text'
}

function linkTable(table: Table, model: string, field: string, facts: ValueFacts, every: ModelSurvey[]): Table {
  const key = table.columns[0] as Column
  const other = otherModel(field, every)
  const own = `${model}_id`
  const [ownerName, otherName] = other === model ? [`from_${own}`, `to_${own}`] : [own, `${other}_id`]
  const owner = column(ownerName, key.type, {})
  const linked = column(otherName === ownerName ? 'other_id' : otherName, (facts.seen & kinds.uuidList) !== 0 ? 'uuid' : 'integer', {})
  const links = tableOf(shortest(linkTableNames(table.name, field)), [column('id', 'integer', { autoIncrement: true }), owner, linked], 'id')
  links.uniqueKeys = [[owner.name, linked.name]]
  links.foreignKeys = [{ columns: [owner.name], table: table.name, references: [key.name] }]
  return links
}

/** The name of the model that a field's links lead to: one of the files whose name is the singular of the field's, else that singular itself. */
function otherModel(field: string, every: ModelSurvey[]): string {
  const words = singulars(field.toLowerCase())
  const names = every.map(({ label }) => splitLabel(label)?.model ?? '')
  const exact = words.find((word) => names.includes(word))
  const ending = names.find((name) => words.some((word) => word.length > 2 && name.endsWith(word)))
  return exact ?? ending ?? words.at(-1) ?? field
}

function shortest(names: string[]): string {
  return names.find((name) => Buffer.byteLength(name) <= longestName) ?? names[0] ?? ''
}

function tableOf(name: string, columns: Column[], key: string): Table {
  return { name, columns, primaryKey: [key], uniqueKeys: [], foreignKeys: [] }
}

function column(name: string, type: ColumnType, rest: Partial<Column>): Column {
  const none = { default: null, maxLength: null, precision: null, scale: null }
  // Where there is no type for it, a UUID is kept as Django keeps it; elsewhere the text of the type is not looked at.
  const sqlType = type === 'uuid' ? 'char(32)' : ''
  return { name, type, sqlType, nullable: false, generated: false, autoIncrement: false, ...none, ...rest }
}

/** A table in one line for people. */
export function describeTable({ name, columns, primaryKey }: Table): string {
  const shown = columns.map((one) => `${one.name} ${one.type}${primaryKey.includes(one.name) ? ' (key)' : ''}`)
  return `Table ${name} is made: ${shown.join(', ')}.`
}
