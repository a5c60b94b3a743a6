import { expect, it } from 'vitest'
import { stockSum } from '../../client/commerce/stock-sum.ts'

const at = (warehouse: string | null, quantity: string | null) => ({ warehouse, quantity })

it.each([
  [[], null],
  [[at('a', null)], null],
  [[at('a', '4'), at('b', '6')], '10'],
  [[at('a', '0.1'), at('b', '0.2')], '0.3'],
  [[at('a', '-1.5'), at('b', '0.25')], '-1.25'],
  [[at('a', '-0.5'), at('b', '0.5')], '0'],
  [[at('a', '999999999999.999'), at('b', '0.001')], '1000000000000'],
  [[at('a', '4'), at(null, '7')], '7'],
])('the stock of %j is %s', (stocks, sum) => {
  expect(stockSum(stocks)).toBe(sum)
})
