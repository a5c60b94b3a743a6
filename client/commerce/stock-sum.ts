import type { CatalogStock } from '../../shared/protocol/catalog-views.ts'

/** What is there in all warehouses together, as decimal text: as 1C says it, else added up, exactly. Null where nothing is said. */
export function stockSum(stocks: readonly CatalogStock[]): string | null {
  const inAll = stocks.filter(({ warehouse, quantity }) => warehouse === null && quantity !== null)
  const said = (inAll.length > 0 ? inAll : stocks).flatMap(({ quantity }) => quantity ?? [])
  return said.length === 0 ? null : sumOf(said)
}

function sumOf(numbers: readonly string[]): string {
  const digits = Math.max(...numbers.map((text) => fractionOf(text).length))
  const sum = numbers.reduce((all, text) => all + BigInt(text.replace(/\..*$/, '') + fractionOf(text).padEnd(digits, '0')), 0n)
  const text = String(sum < 0n ? -sum : sum).padStart(digits + 1, '0')
  const whole = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, '')
  return sum < 0n ? `-${whole}` : whole
}

function fractionOf(text: string): string {
  return text.split('.')[1] ?? ''
}
