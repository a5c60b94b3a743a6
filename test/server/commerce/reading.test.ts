import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { XmlElement } from '../../../server/importers/commerce/read/element.ts'
import { openRecords } from '../../../server/importers/commerce/read/read-records.ts'
import type { CommerceRecord } from '../../../server/importers/commerce/read/record.ts'
import { catalog, commerceText, offer, offers, price, prices, product } from './xml.ts'

/** All but one kind of child, which is passed over. */
const keep = (_kind: string, child: string): boolean => child !== 'b'

/** The records of a file that arrives in pieces of so many bytes. */
async function read(bytes: Buffer, way: 'strict' | 'quick' | 'letter', size = 64 * 1024): Promise<CommerceRecord[]> {
  async function* open(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
  const pieces = await openRecords({ name: '1.xml', size: bytes.length, inZip: false, open }, new AbortController().signal, { way, keep })
  if ('head' in pieces) throw new Error('no XML')
  const records: CommerceRecord[] = []
  for await (const piece of pieces) records.push(...piece.records)
  return records
}

/** What matters of a record, without what its block says later. */
function plain({ block, element, ...rest }: CommerceRecord): unknown {
  return { ...rest, block: block.name, element: plainElement(element) }
}

function plainElement({ name, attributes, text, children }: XmlElement): unknown {
  return { name, attributes: [...(attributes ?? [])], text, children: children.map(plainElement) }
}

const text = fc.string({
  unit: fc.constantFrom(
    'a',
    'Ж',
    '😀',
    ' ',
    '\n',
    '\r\n',
    '\t',
    '"',
    "'",
    '>',
    '&amp;',
    '&lt;',
    '&#10;',
    '&#x1F600;',
    '<![CDATA[<b>&]]>',
    '<!-- <x> -->',
    '<?p <y>?>',
  ),
})
const attribute = fc.string({ unit: fc.constantFrom('a', 'Ж', '😀', ' ', '\n', '\r\n', '\t', '>', '/', '=', "'", '&quot;', '&#9;') })
const inner: fc.Arbitrary<string> = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .tuple(
      fc.constantFrom('Имя', 'x:Имя', 'b'),
      fc.option(attribute),
      fc.array(fc.oneof({ depthSize: 'small' }, text, tie('element')), { maxLength: 3 }),
    )
    .map(([name, value, parts]) => {
      const said = value === null ? '' : ` x:код="${value}" другой = 'b'`
      return parts.length === 0 ? `<${name}${said} />` : `<${name}${said}>${parts.join('')}</${name}>`
    }),
})).element

describe('A file of CommerceML', () => {
  it('is read the same way quickly as it is to the letter, wherever its pieces are cut', async () => {
    const file = fc.array(fc.array(inner, { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 300 }), async (goods, size) => {
        const bytes = Buffer.from(commerceText(catalog(goods.map((parts, at) => product(`p${at}`, parts.join(''))).join('\n'))))
        const expected = (await read(bytes, 'strict')).map(plain)
        expect((await read(bytes, 'quick')).map(plain)).toEqual(expected)
        expect((await read(bytes, 'quick', size)).map(plain)).toEqual(expected)
        expect((await read(bytes, 'strict', size)).map(plain)).toEqual(expected)
        expect((await read(bytes, 'letter', size)).map(plain)).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  it('that is damaged anywhere is refused strictly as it is by the letter', async () => {
    const file = fc.array(fc.array(inner, { maxLength: 3 }), { minLength: 1, maxLength: 2 })
    const damage = fc.constantFrom(
      '',
      '<',
      '>',
      '&',
      '"',
      '/',
      ' ',
      '=',
      'x',
      '\u0001',
      '\uffff',
      // No text in UTF-8: a byte that is in none, and the beginning of a letter.
      Buffer.of(0xff),
      Buffer.of(0xd0),
      ']]>',
      '--',
      '<!-- a -- b -->',
      '<?xml?>',
      '&#0;',
      '<a b="" b=""/>',
    )
    const outcome = async (bytes: Buffer, way: 'strict' | 'letter'): Promise<unknown> =>
      await read(bytes, way, 100).then(
        (records) => records.map(plain),
        // Text outside of the root is noticed where a piece ends, and each way has pieces of its own.
        (error: unknown) => String(error).replace(/line \d+ on(?=.*outside of root)/, 'some line on'),
      )
    await fc.assert(
      fc.asyncProperty(file, damage, fc.nat(), fc.nat(3), async (goods, put, at, taken) => {
        const whole = commerceText(catalog(goods.map((parts, number) => product(`p${number}`, parts.join(''))).join('\n')))
        const place = at % whole.length
        const bytes = Buffer.concat(
          [whole.slice(0, place), put, whole.slice(place + taken)].map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
        )
        expect(await outcome(bytes, 'strict')).toEqual(await outcome(bytes, 'letter'))
      }),
      { numRuns: 500 },
    )
  })

  it.each(['strict', 'quick'] as const)('has a place for each record: line and byte (%s)', async (reading) => {
    const bytes = Buffer.from(
      `\ufeff${commerceText(`${catalog(`${product('a')}\n\n${product('б')}`)}\n${offers(offer('a', prices(price('t', '1'))))}`)}`,
    )
    const records = await read(bytes, reading, 50)
    expect(records.map(({ kind, record, line }) => [kind, record, line])).toEqual([
      ['product', 1, 4],
      ['product', 2, 6],
      ['offer', 3, 9],
    ])
    for (const { byte, kind } of records) expect(bytes.subarray(byte).toString()).toMatch(kind === 'offer' ? /^<Предложение>/ : /^<Товар>/)
  })

  it.each(['strict', 'quick'] as const)('is the same in each encoding (%s)', async (reading) => {
    const inner = catalog(product('a', '<Описание>Ёж, “кавычки” – №1</Описание>').repeat(50))
    const facts = async (bytes: Buffer) => (await read(bytes, reading, 333)).map(({ element, line }) => [line, plainElement(element)])
    const utf8 = await facts(Buffer.from(commerceText(inner)))
    expect(utf8).toHaveLength(50)
    expect(await facts(Buffer.from(`\ufeff${commerceText(inner)}`))).toEqual(utf8)
    expect(await facts(windows1251(commerceText(inner, '2.08', 'windows-1251')))).toEqual(utf8)
    expect(await facts(Buffer.from(`\ufeff${commerceText(inner, '2.08', 'UTF-16')}`, 'utf16le'))).toEqual(utf8)
    expect(await facts(Buffer.from(`\ufeff${commerceText(inner, '2.08', 'UTF-16')}`, 'utf16le').swap16())).toEqual(utf8)
    expect(await facts(Buffer.from(commerceText(inner, '2.08', 'UTF-16'), 'utf16le'))).toEqual(utf8)
  })

  it('has places in bytes whatever its encoding', async () => {
    const text = commerceText(catalog(`${product('ж')}\n${product('b')}`), '2.08', 'windows-1251')
    const records = await read(windows1251(text), 'quick')
    expect(records.map(({ byte }) => text.slice(byte, byte + 7))).toEqual(['<Товар>', '<Товар>'])
  })

  it('has its orders passed over, with the goods in them', async () => {
    const order = `<Документ><Товары>${product('x')}</Товары><Контрагенты><Контрагент><Ид>c</Ид></Контрагент></Контрагенты></Документ>`
    const records = await read(Buffer.from(commerceText(`<Контейнер>${order}</Контейнер>${order}${catalog(product('a'))}`)), 'strict')
    expect(records.map(({ kind }) => kind)).toEqual(['product'])
  })
})

/** Node writes no windows-1251: found by trying all its bytes. */
function windows1251(text: string): Buffer {
  const decoder = new TextDecoder('windows-1251')
  const bytes = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]))
  return Buffer.from(Array.from(text, (character) => bytes.get(character) ?? 0x3f))
}
