import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fileAsJob, textAsJob } from '../../support/job-context.ts'
import { samplesDir } from '../../support/samples.ts'
import { Databases, dialects } from '../restore/databases.ts'
import { takeOver, writtenBy } from './run-commerce.ts'

const samples = samplesDir()
const folder = samples === null ? null : join(samples, 'commerceml')

/** The files of the folder, and what its README counts in them. */
function described(): { file: string; counts: Record<string, number> }[] {
  if (folder === null) return []
  const rows = readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^\| `([^`]+\.xml)` \|[^|]*\|[^|]*\|[^|]*\|([^|]*)\|$/gm)
  return [...rows].map(([, file = '', contents = '']) => {
    const counts = [...contents.matchAll(/([a-z][a-z ]*?) (\d+)(?=;|\s*$)/g)].map(([, name = '', count]) => [name.trim(), Number(count)])
    return { file, counts: Object.fromEntries(counts) as Record<string, number> }
  })
}

/** What the README calls the rows of which table. */
const tables: Record<string, string> = {
  groups: `commerce_groups`,
  properties: 'commerce_properties',
  'property values': 'commerce_property_values',
  products: 'commerce_products',
  pictures: 'commerce_images',
  'product property values': `commerce_item_values WHERE owner = 'product'`,
  'price types': 'commerce_price_types',
  warehouses: 'commerce_warehouses',
  offers: 'commerce_offers',
  characteristics: 'commerce_characteristics',
  prices: 'commerce_prices',
  'offers with total stock': `commerce_stocks WHERE warehouse_id = ''`,
  'stock rows': `commerce_stocks WHERE warehouse_id <> ''`,
  customers: 'commerce_customers',
  'deleted products': 'commerce_products WHERE deleted_at IS NOT NULL',
}

/** Offers of packets without goods are not there: what is said of them waits. */
const waiting = ['prices-example.xml', 'remainders-example.xml']

for (const dialect of dialects) {
  describe.skipIf(folder === null || !dialect.available)(`Real exports of 1C into ${dialect.name}`, () => {
    let databases: Databases
    beforeAll(() => {
      databases = new Databases(dialect.name)
    })
    afterEach(async () => await databases.close())
    afterAll(async () => await databases.stop())

    it('are all described', () => {
      const files = readdirSync(folder ?? '', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.xml'))
      expect(described().map(({ file }) => file)).toEqual(expect.arrayContaining(files))
    })

    it.each(described())('have in them what an independent reader counts: $file', async ({ file, counts }) => {
      const database = await databases.create()
      const job = fileAsJob(join(folder ?? '', file))
      const first = await takeOver(database, [job])
      expect(first.outcome).toMatchObject({ status: 'succeeded', ledger: { failed: 0, notReached: 0 } })
      const count = async (of: string): Promise<number> => Number((await database.query(`SELECT count(*) FROM ${of}`))[0]?.[0])
      if (waiting.includes(basename(file))) {
        expect(await count('commerce_pending')).toBe(counts['offers'])
        expect((await count('commerce_prices')) + (await count('commerce_stocks')) + (await count('commerce_offers'))).toBe(0)
      } else {
        for (const [name, expected] of Object.entries(counts)) {
          const table = tables[name]
          // Warehouses of orders are no warehouses of the catalog.
          if (table && !('documents' in counts)) expect([name, await count(table)]).toEqual([name, expected])
        }
      }
      const second = await takeOver(database, [job])
      expect(writtenBy(second)).toBe(0)
      expect(second.outcome).toEqual(first.outcome)
    })

    it('are one catalog when they come together, whatever their order, encoding and packing', async () => {
      const names = ['import0_1.xml', 'offers0_1.xml']
      const files = names.map((name) => fileAsJob(join(folder ?? '', 'dobromyslov__commerceml-parser/data', name)))
      const rows = async (jobs: typeof files): Promise<unknown> => {
        const database = await databases.create()
        const { outcome } = await takeOver(database, jobs)
        expect(outcome.status).toBe('succeeded')
        return await contents(database)
      }
      const expected = await rows(files)
      expect(await rows(files.toReversed())).toEqual(expected)
      expect(await rows(files.map((file) => inUtf16(file.name, join(folder ?? '', 'dobromyslov__commerceml-parser/data', file.name))))).toEqual(
        expected,
      )
    })
  })
}

function inUtf16(name: string, path: string) {
  const text = readFileSync(path, 'utf8')
    .replace(/^\ufeff/, '')
    .replace('encoding="UTF-8"', 'encoding="UTF-16"')
  return textAsJob(name, Buffer.from(`\ufeff${text}`, 'utf16le'))
}

/** Rows without when and by which run they were written, and what that run was. */
async function contents(database: { rows(): Promise<Record<string, string[]>> }): Promise<Record<string, string[]>> {
  const rows = await database.rows()
  const plain = (row: string): string =>
    row
      .replace(/"?last_run"?[:=] ?("(?:[^"\\]|\\.)*"|'[^']*')/, '')
      .replaceAll(/"?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00)?"?/g, 'T')
      .replaceAll(/commerce_[0-9a-f-]{36}/g, 'I')
  return Object.fromEntries(
    Object.entries(rows)
      .map(([table, list]) => [table, list.map(plain).toSorted()])
      .filter(([table]) => table !== 'intake_checkpoint'),
  )
}
