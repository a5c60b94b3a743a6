import { expect, it } from 'vitest'
import { KnownKeys } from '../../../server/importers/commerce/load/known-keys.ts'

it('a key that was written is not new again', () => {
  const known = new KnownKeys(new Set())
  const keys = Array.from({ length: 2000 }, (_, at) => [`p${at}`])
  for (const key of keys) known.isNewNow('products', key)
  expect(keys.filter((key) => known.isNewNow('products', key) || known.isNew('products', key))).toEqual([])
})
