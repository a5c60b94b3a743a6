import { describe, expect, it } from 'vitest'
import { AppError } from '../../../server/errors.ts'
import type { Document } from '../../../server/importers/commerce/read/documents.ts'
import { opened, unpack } from '../../../server/importers/commerce/spool/pack.ts'
import { readApart } from '../../../server/importers/commerce/spool/read-apart.ts'
import { readSpoken } from '../../../server/importers/commerce/spool/read-spoken.ts'
import { Spool } from '../../../server/importers/commerce/spool/spool.ts'
import { catalog, commerceText, offer, offers, price, prices, product } from './xml.ts'

const listening = { types: ['catalog' as const, 'prices' as const], only: null }
const never = new AbortController().signal

function documentOf(content: string): Document {
  const bytes = Buffer.from(content)
  async function* open(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
  }
  return { name: '1.xml', size: bytes.length, inZip: false, open }
}

async function heard(read: typeof readSpoken, content: string, signal = never): Promise<unknown> {
  const spoken = await read(documentOf(content), signal, listening)
  if ('head' in spoken) return spoken.head.toString()
  const all: unknown[] = []
  for await (const { pieces, ...known } of spoken) all.push({ ...known, pieces: pieces.map(({ type, bytes }) => [type, unpack(opened(bytes))]) })
  return all
}

const goods = Array.from({ length: 3000 }, (_, at) => product(`p${at}`, at % 7 === 0 ? '<Картинка>a.jpg</Картинка>' : '')).join('\n')
const priced = Array.from({ length: 2500 }, (_, at) => offer(`p${at}`, prices(price('t', at % 9 === 0 ? 'none' : `${at}.50`), price('t', '1')))).join(
  '',
)
const shop = commerceText(catalog(`${goods}<Товар/>`) + offers(priced))

describe('A file of CommerceML that is read in a thread of its own', () => {
  it.each([
    ['of goods, prices and bad records', shop],
    // What the quick reader is not sure of is read again from the beginning.
    ['with names that are seldom', shop.replace('</Товары>', '<Товар><Ид>x</Ид><متجر/></Товар></Товары>')],
    ['that is no XML', 'PGDMP'],
    ['without a byte', ''],
  ])('says the same as in this one: %s', async (_what, content) => {
    expect(await heard(readApart, content)).toEqual(await heard(readSpoken, content))
  })

  it('is refused with the same reason', async () => {
    const broken = shop.slice(0, -40)
    const [here, apart] = await Promise.all([readSpoken, readApart].map(async (read) => await heard(read, broken).catch((thrown: unknown) => thrown)))
    expect(apart).toBeInstanceOf(AppError)
    expect(apart).toMatchObject({ code: 'file_damaged', message: (here as AppError).message, details: (here as AppError).details })
  })

  it('is left when the run is to stop', async () => {
    const abort = new AbortController()
    const spoken = await readApart(documentOf(shop), abort.signal, listening)
    const reason = new AppError('cancelled', 'Enough.')
    abort.abort(reason)
    const rest = async (): Promise<void> => {
      if (!('head' in spoken)) for await (const { pieces } of spoken) expect(pieces).toBeDefined()
    }
    await expect(rest()).rejects.toBe(reason)
  })
})

describe('What was read of a file', () => {
  it('waits in memory and beyond it, and comes back in its order, without what was taken before', async () => {
    const spool = new Spool()
    const spoken = await readSpoken(documentOf(shop), never, listening)
    if ('head' in spoken) throw new Error('no XML')
    const expected: string[] = []
    for await (const { pieces } of spoken) {
      for (const piece of pieces.filter(({ type }) => type === 'catalog')) {
        // So often that it has no room in memory.
        for (let time = 0; time < 30; time += 1) {
          await spool.add('1.xml', piece)
          expected.push(...unpack(opened(piece.bytes)).map(({ kind, key }) => `${kind} ${key}`))
        }
        await spool.add('2.xml', piece)
      }
    }
    const found: string[] = []
    for await (const { packed, skip } of spool.pieces('1.xml', 'catalog', 2500))
      found.push(
        ...unpack(packed)
          .slice(skip)
          .map(({ kind, key }) => `${kind} ${key}`),
      )
    expect(found).toEqual(expected.slice(2500))
    await spool.close()
  })
})
