import { expect, it } from 'vitest'
import type { CommerceType } from '../../../shared/schemas/commerce-options.ts'
import { applyBatch } from '../../../server/importers/commerce/load/apply-batch.ts'
import type { Applied } from '../../../server/importers/commerce/load/apply-batch.ts'
import { KnownKeys } from '../../../server/importers/commerce/load/known-keys.ts'
import { newRowsOf } from '../../../server/importers/commerce/load/new-rows.ts'
import type { NewRows } from '../../../server/importers/commerce/load/new-rows.ts'
import type { Writing } from '../../../server/importers/commerce/load/row-writer.ts'
import { WriteBehind } from '../../../server/importers/commerce/load/write-behind.ts'
import { commerceTables } from '../../../server/importers/commerce/schema/tables.ts'
import { opened, unpack } from '../../../server/importers/commerce/spool/pack.ts'
import type { Packed } from '../../../server/importers/commerce/spool/pack.ts'
import { readSpoken } from '../../../server/importers/commerce/spool/read-spoken.ts'
import type { Piece } from '../../../server/importers/commerce/spool/spool.ts'
import { carrier, catalog, commerceText, offer, offers, price, prices, product } from './xml.ts'

const types: CommerceType[] = ['catalog', 'prices', 'stocks']
const tables = commerceTables()

const unit = '<БазоваяЕдиница Код="796" НаименованиеПолное="Штука"/>'
const picture = '<Картинка>a.jpg</Картинка><Картинка>b.jpg</Картинка>'
const tax = '<СтавкиНалогов><СтавкаНалога><Наименование>НДС</Наименование><Ставка>20</Ставка></СтавкаНалога></СтавкиНалогов>'
const stock = '<Склад ИдСклада="w1" КоличествоНаСкладе="5"/><Склад ИдСклада="w2" КоличествоНаСкладе="-1"/>'
const goods = catalog(
  [product('p1', unit + picture), product('p2', unit + tax), product('p3', '<Картинка/>', ' Статус="Удален"'), product('p4#v1', unit)].join(''),
)
const ofGoods = offers(
  [
    offer('p1', unit + prices(price('t1', '10.50'), price('t2', '0,10')) + stock),
    offer('p2#v1', prices(price('t1', '1')) + stock),
    offer('p4#v1', prices()),
    offer('nothing#v1', prices(price('t1', '7'))),
  ].join(''),
)

async function said(content: string): Promise<Map<CommerceType, Packed[]>> {
  const bytes = Buffer.from(commerceText(content))
  async function* open(): AsyncGenerator<Buffer> {
    yield bytes
  }
  const spoken = await readSpoken({ name: '1.xml', size: bytes.length, inZip: false, open }, new AbortController().signal, { types, only: null })
  if ('head' in spoken) throw new Error('it is XML')
  const pieces: Piece[] = []
  for await (const one of spoken) pieces.push(...one.pieces)
  return new Map(types.map((type) => [type, pieces.filter((piece) => piece.type === type).map((piece) => opened(piece.bytes))]))
}

function writingOf(known = new KnownKeys(new Set())): Writing {
  return { tables, source: 's', importId: 'i', now: '2024-06-01 00:00:00', known }
}

/** By way of the items. Fails where the target would be asked. */
async function byItems(pieces: Packed[], type: CommerceType, writing: Writing): Promise<NewRows> {
  const behind = new WriteBehind()
  const asked = behind.asked.then((): never => {
    throw new Error('the target is asked')
  })
  const applied = await Promise.race([applyBatch(behind, writing, type, pieces.flatMap(unpack)), asked])
  return { batches: behind.taken, applied }
}

function noteThere({ written }: Applied, { known }: Writing): void {
  for (const { entity, key } of written.there) known.noteThere(entity, key)
}

/** What was made, without the order of tables. Units that were there before may be noted again. */
function comparable({ batches, applied: { written, ...rest } }: NewRows): unknown {
  const { counts, live, there, mentioned } = written
  const rows = batches.flatMap((batch) => batch.rows.map((row) => [batch.table.name, batch.columns, batch.same, row]))
  const keys = there.filter(({ entity }) => entity !== 'units').map(({ entity, key }) => [entity, ...key])
  const sorted = [rows, counts.toState(), [...live], keys].map((list) => list.map((one) => JSON.stringify(one)).toSorted())
  return { sorted, mentioned, ...rest }
}

it('rows that are certainly new are those that their items come to', async () => {
  const [one, other] = [writingOf(), writingOf()]
  for (const content of [goods, ofGoods]) {
    for (const [type, pieces] of await said(content)) {
      const quick = newRowsOf(pieces, type, one)
      const slow = await byItems(pieces, type, other)
      expect(quick && comparable(quick)).toEqual(comparable(slow))
      if (quick) noteThere(quick.applied, one)
      noteThere(slow.applied, other)
    }
  }
})

it.each([
  ['a record that comes again', catalog(product('p1') + product('p1')), 'catalog'],
  ['prices of an offer that is not known', offers(carrier('p9', prices(price('t1', '1')))), 'prices'],
  ['a record that is refused', catalog('<Товар/>'), 'catalog'],
  ['a price that is stated twice', offers(offer('p1', prices(price('t1', '1'), price('t1', '2')))), 'prices'],
] as const)('are not made of %s', async (_what, content, type) => {
  const writing = writingOf()
  for (const pieces of [(await said(ofGoods)).get('catalog') ?? []]) {
    const first = newRowsOf(pieces, 'catalog', writing)
    if (first) noteThere(first.applied, writing)
  }
  expect(newRowsOf((await said(content)).get(type) ?? [], type, writing)).toBeNull()
})

it('are not made when the source has rows of their kind', async () => {
  const pieces = (await said(goods)).get('catalog') ?? []
  expect(newRowsOf(pieces, 'catalog', writingOf(new KnownKeys(new Set(['products']))))).toBeNull()
})
