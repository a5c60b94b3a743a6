import type { Column, ColumnType } from '../target.ts'

const types: Record<string, ColumnType> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  bool: 'boolean',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  name: 'text',
  bytea: 'bytes',
  json: 'json',
  jsonb: 'json',
  date: 'date',
  time: 'time',
  timestamp: 'datetime',
  timestamptz: 'datetime',
  uuid: 'uuid',
  interval: 'interval',
}

export type TypeLimits = Pick<Column, 'type' | 'maxLength' | 'precision' | 'scale'>

/** What a built-in type and its modifier mean. */
export function describeType(typeName: string, modifier: number): TypeLimits {
  const type = types[typeName] ?? 'other'
  const limited = modifier >= 4
  const isDecimal = type === 'decimal' && limited
  return {
    type,
    maxLength: (typeName === 'varchar' || typeName === 'bpchar') && limited ? modifier - 4 : null,
    precision: isDecimal ? ((modifier - 4) >> 16) & 0xffff : null,
    // Eleven bits with a sign, since PostgreSQL 15.
    scale: isDecimal ? (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400 : null,
  }
}

const casts: Partial<Record<ColumnType, string>> = {
  integer: 'bigint',
  decimal: 'numeric',
  float: 'double precision',
  boolean: 'boolean',
  bytes: 'bytea',
  date: 'date',
  time: 'time',
  uuid: 'uuid',
  interval: 'interval',
}

/** The type that text is cast to before it is compared with a column, so that an index on it serves; null: the column is compared as text. */
export function comparedAs({ type, sqlType }: Column): string | null {
  if (type === 'datetime') return sqlType.includes('without') ? 'timestamp' : 'timestamptz'
  if (type !== 'text') return casts[type] ?? null
  // Blanks at the end do not count in the one, case does not in the other.
  return /^character(\(|$)/.test(sqlType) ? 'bpchar' : sqlType === 'citext' ? 'citext' : 'text'
}
