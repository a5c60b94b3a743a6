import type { ColumnType } from '../target.ts'

/** In this order: `interval` has an `int` in it, `datetime` a `date`. */
const patterns: [RegExp, ColumnType][] = [
  [/^bool/, 'boolean'],
  [/^(datetime|timestamp)/, 'datetime'],
  [/^date$/, 'date'],
  [/^time/, 'time'],
  [/^(uuid|char\(32\))$/, 'uuid'],
  [/^json/, 'json'],
  [/^interval/, 'interval'],
  [/^(decimal|numeric|number|money)/, 'decimal'],
  [/int/, 'integer'],
  [/real|floa|doub/, 'float'],
  [/blob|binary|bytea/, 'bytes'],
  [/char|clob|text|string/, 'text'],
]

const limits = /\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)/

export type DeclaredType = { type: ColumnType; maxLength: number | null; precision: number | null; scale: number | null }

/** What a declared type of SQLite means, Django's among them: SQLite itself takes any text for a type. */
export function declaredType(sqlType: string, isJson: boolean): DeclaredType {
  const normal = sqlType.toLowerCase().replaceAll(/\s*([(),])\s*/g, '$1')
  const type = isJson ? 'json' : (patterns.find(([pattern]) => pattern.test(normal))?.[1] ?? 'other')
  const numbers = limits.exec(sqlType)
  const first = numbers ? Number(numbers[1]) : null
  return {
    type,
    maxLength: type === 'text' && normal.includes('char') ? first : null,
    precision: type === 'decimal' ? first : null,
    scale: type === 'decimal' && first !== null ? Number(numbers?.[2] ?? 0) : null,
  }
}

/** The columns that a CHECK holds to valid JSON: that is how Django marks them. */
export function jsonColumns(createSql: string): Set<string> {
  const names = [...createSql.matchAll(/json_valid\s*\(\s*(?:"((?:[^"]|"")+)"|`([^`]+)`|\[([^\]]+)\]|(\w+))\s*\)/gi)]
  return new Set(names.map((match) => (match[1]?.replaceAll('""', '"') ?? match[2] ?? match[3] ?? match[4] ?? '').toLowerCase()))
}
