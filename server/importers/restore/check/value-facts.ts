import { ExactNumber } from '../record.ts'

/** What kinds of values a field has in a file, one bit each. */
export const kinds = {
  nothing: 1,
  boolean: 2,
  integer: 4,
  /** Larger than 64 bits. */
  huge: 8,
  float: 16,
  /** More digits than a double keeps. */
  exact: 32,
  date: 64,
  moment: 128,
  time: 256,
  uuid: 512,
  /** `12.50`: how Django writes decimals. */
  decimal: 1024,
  /** `12`: digits without a zero in front. */
  digits: 2048,
  text: 4096,
  object: 8192,
  emptyList: 16_384,
  /** Whole numbers from 1, or UUIDs, none twice: what a many-to-many field looks like. */
  keyList: 32_768,
  uuidList: 65_536,
  otherList: 131_072,
} as const

const longest = 2n ** 63n
const patterns: [RegExp, number][] = [
  [/^\d{4}-\d{2}-\d{2}$/, kinds.date],
  [/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$/, kinds.moment],
  [/^\d{2}:\d{2}:\d{2}(\.\d{1,6})?$/, kinds.time],
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, kinds.uuid],
  [/^-?(0|[1-9]\d*)\.\d+$/, kinds.decimal],
  [/^(0|[1-9]\d{0,17})$/, kinds.digits],
]

/** What is known of the values of one field, or of the keys of one model, over a whole file. */
export class ValueFacts {
  /** The kinds seen, as bits of `kinds`. */
  seen = 0
  /** Digits after the point of decimals in texts: of all of them; null when they differ, undefined before the first. */
  scale: number | null | undefined = undefined
  /** Most digits of a decimal in a text. */
  digits = 0

  see(value: unknown): void {
    if (typeof value === 'string') this.seen |= this.#kindOfText(value)
    else this.seen |= kindOf(value)
  }

  /** Whether nothing but these kinds was seen, and at least one of them. */
  only(allowed: number): boolean {
    const values = this.seen & ~kinds.nothing
    return values !== 0 && (values & ~allowed) === 0
  }

  #kindOfText(text: string): number {
    // Text it is then, whatever else may come.
    if ((this.seen & kinds.text) !== 0) return kinds.text
    const kind = patterns.find(([pattern]) => pattern.test(text))?.[1] ?? kinds.text
    if (kind === kinds.decimal) {
      const scale = text.length - text.indexOf('.') - 1
      this.scale = this.scale === undefined || this.scale === scale ? scale : null
      this.digits = Math.max(this.digits, text.replace(/[-.]/g, '').length)
    }
    return kind
  }
}

function kindOf(value: unknown): number {
  if (value === null || value === undefined) return kinds.nothing
  if (typeof value === 'boolean') return kinds.boolean
  if (typeof value === 'number') return Number.isInteger(value) ? kinds.integer : kinds.float
  if (value instanceof ExactNumber) return kindOfExact(value.text)
  return Array.isArray(value) ? kindOfList(value) : kinds.object
}

function kindOfExact(text: string): number {
  if (/^-?\d+$/.test(text)) {
    const number = BigInt(text)
    return number >= -longest && number < longest ? kinds.integer : kinds.huge
  }
  return text
    .replace(/[eE].*$/, '')
    .replace(/[-.]/g, '')
    .replace(/^0+/, '').length <= 15
    ? kinds.float
    : kinds.exact
}

function kindOfList(list: unknown[]): number {
  if (list.length === 0) return kinds.emptyList
  if (new Set(list).size < list.length) return kinds.otherList
  if (list.every((item) => Number.isSafeInteger(item) && (item as number) > 0)) return kinds.keyList
  return list.every((item) => typeof item === 'string' && patterns[3]?.[0].test(item)) ? kinds.uuidList : kinds.otherList
}
