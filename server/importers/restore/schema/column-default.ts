import type { Column } from '../../../targets/target.ts'

const number = /^\(*\s*([+-]?\d+(?:\.\d+)?)\s*\)*(?:::[\w ]+(?:\([\d, ]+\))?)?$/
const quoted = /^\(*\s*'((?:[^']|'')*)'\s*\)*(?:::[\w ."]+(?:\([\d, ]+\))?(?:\[\])?)?$/
const constant = /^\(*\s*(true|false|null)\s*\)*(?:::[\w ]+)?$/i

/** The value of a column's default when it is written out; undefined when the database has to compute it, or there is none. */
export function literalDefault({ default: sql }: Column): string | boolean | null | undefined {
  if (sql === null) return undefined
  const word = constant.exec(sql)?.[1]?.toLowerCase()
  if (word !== undefined) return word === 'null' ? null : word === 'true'
  return number.exec(sql)?.[1] ?? quoted.exec(sql)?.[1]?.replaceAll("''", "'")
}
