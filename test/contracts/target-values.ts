import { describe, expect, it } from 'vitest'
import type { Cell, Column, ColumnType, Target, TargetCapabilities } from '../../server/targets/target.ts'
import { beginOn, column, inTransaction, openWithTables, rowsOf, table } from './target-subject.ts'
import type { Subject } from './target-subject.ts'

type Case = [ColumnType, Partial<Column>, [Cell, Cell][]]

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const same = (...values: Cell[]): [Cell, Cell][] => values.map((value) => [value, value])

/** What goes in and what is read again. */
const kept: Case[] = [
  ['integer', {}, [...same(0, -5, 2_147_483_648), ['007', 7], ['9007199254740993', 9_007_199_254_740_993n], ...same(-(2n ** 63n), 2n ** 63n - 1n)]],
  ['decimal', { precision: 10, scale: 2 }, [...same('12.5', '-0.05', '12345678.91', '0'), ['1e3', '1000'], ['12.50', '12.5'], [7, '7']]],
  ['decimal', {}, [...same('0.000001', '123456789.123456', '-1'), ['1.2300', '1.23']]],
  ['float', {}, [...same(1.5, -0.1, 1e300, 5e-324, 3), ['2.5', 2.5]]],
  ['boolean', {}, [...same(true, false), [1, true], [0, false]]],
  ['text', {}, [...same('', ' ', 'NULL', '\\N', '\\', '\\.', 'a\tb\nc\rd\u0008\u000b\u000c\u007f', 'Ω 🙂 é é \u2028 \ufeff'), [5, '5']]],
  ['text', { maxLength: 5 }, same('🙂🙂🙂🙂🙂', 'abcde', '')],
  ['bytes', {}, [...same(bytes(0, 255, 92, 10, 39), bytes())]],
  ['date', {}, same('2024-02-29', '0001-01-01', '9999-12-31')],
  ['time', {}, [...same('00:00:00', '23:59:59', '12:00:00.000001'), ['12:34:56.5', '12:34:56.500000'], ['12:34', '12:34:00']]],
  ['uuid', {}, [...same('123e4567-e89b-12d3-a456-426614174000'), ['123E4567E89B12D3A456426614174000', '123e4567-e89b-12d3-a456-426614174000']]],
  ['interval', {}, [...same('00:00:10', '3 04:05:06.000007', '-1 23:00:00'), ['P3DT4H5M6.000007S', '3 04:05:06.000007'], ['-PT1H', '-1 23:00:00']]],
]

const moments: [string, string][] = [
  ['2024-03-10T12:34:56Z', '2024-03-10T12:34:56'],
  ['2024-03-10T12:34:56.789Z', '2024-03-10T12:34:56.789000'],
  ['2024-03-10T12:34:56.000000+00:00', '2024-03-10T12:34:56'],
  ['2024-03-10T00:30:00.5+05:30', '2024-03-09T19:00:00.500000'],
  ['2023-12-31 23:30:00-01', '2024-01-01T00:30:00'],
  ['2024-03-10T12:34:56', '2024-03-10T12:34:56'],
  ['2024-02-29 23:59:59.999999', '2024-02-29T23:59:59.999999'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00'],
  ['2024-03-10', '2024-03-10T00:00:00'],
]

const documents = ['{"a": [1, 2.5, "x", null, true], "Ω": "\\"\\n\\\\"}', '[]', '"text"', '12', 'null', '{"big": 12345678901234567890.5}']

const refused: Case[] = [
  ['integer', {}, same('abc', '', 1.5, '1.0', '9223372036854775808', -(2n ** 63n) - 1n, '12 ', 'true').map(([value]) => [value, null])],
  ['decimal', { precision: 6, scale: 2 }, same('123456.78', 'abc', '', '1,5', '12-', '--1').map(([value]) => [value, null])],
  ['float', {}, same('abc', '', '1,5').map(([value]) => [value, null])],
  ['boolean', {}, same('maybe', 2, '').map(([value]) => [value, null])],
  ['text', { maxLength: 5 }, same('abcdef', '🙂🙂🙂🙂🙂🙂', '\ud83d', bytes(65)).map(([value]) => [value, null])],
  ['bytes', {}, same('text', 5).map(([value]) => [value, null])],
  ['json', {}, same('{bad', '', "{'a': 1}").map(([value]) => [value, null])],
  ['date', {}, same('2023-02-29', '2023-13-01', 'today', '01/02/2023', '', '2023-06-31', '0000-01-01').map(([value]) => [value, null])],
  ['time', {}, same('25:00:00', '12:60:00', 'now', '', 'noon').map(([value]) => [value, null])],
  ['datetime', {}, same('2024-01-01T25:00:00Z', '2024-02-30T00:00:00Z', 'now', 'yesterday', '', '10/03/2024 12:00').map(([value]) => [value, null])],
  ['uuid', {}, same('123e4567', 'g23e4567-e89b-12d3-a456-426614174000', '').map(([value]) => [value, null])],
  ['interval', {}, same('soon', '', 'P').map(([value]) => [value, null])],
]

/** Values of each type: in, out, and refused. */
export function describeValues(subject: Subject, capabilities: TargetCapabilities): void {
  const holder = (type: ColumnType, rest: Partial<Column>) =>
    table('holder', [column('id', 'integer'), column('v', type, { nullable: true, ...rest })])
  const written = async (target: Target, type: ColumnType, rest: Partial<Column>, values: Cell[]): Promise<Cell[]> => {
    const into = holder(type, rest)
    const rows = values.map((value, at) => [at, value])
    await inTransaction(target, async (transaction) => await transaction.write({ table: into, columns: ['id', 'v'], key: ['id'], rows }))
    return (await rowsOf(target, into)).map((row) => row[1] as Cell)
  }

  describe('values', () => {
    it.each(kept)('of type %s %o are read as they were written', async (type, rest, cases) => {
      const target = await openWithTables(subject(), [holder(type, rest)])
      const read = await written(target, type, rest, [...cases.map(([value]) => value), null])
      expect(read.map((value) => (type === 'decimal' ? plain(value) : asBytes(value)))).toEqual([...cases.map(([, expected]) => expected), null])
    })

    it('of type datetime are kept in UTC, to the microsecond', async () => {
      const target = await openWithTables(subject(), [holder('datetime', {})])
      const read = await written(
        target,
        'datetime',
        {},
        moments.map(([value]) => value),
      )
      expect(read.map((value) => String(value).replace(/Z$/, ''))).toEqual(moments.map(([, expected]) => expected))
    })

    it('of type json are the same documents', async () => {
      const target = await openWithTables(subject(), [holder('json', {})])
      const read = await written(target, 'json', {}, documents)
      expect(read.map((value) => JSON.parse(String(value)) as unknown)).toEqual(documents.map((value) => JSON.parse(value) as unknown))
    })

    it('find their rows again', async () => {
      for (const [type, rest, cases] of kept) {
        if (type === 'float' || type === 'bytes') continue
        const own = { ...holder(type, rest), name: `holder_${type}_${rest.precision ?? rest.maxLength ?? 0}` }
        const target = await openWithTables(subject(), [own])
        const rows = cases.map(([value], at) => [at, value])
        await inTransaction(target, async (transaction) => {
          await transaction.write({ table: own, columns: ['id', 'v'], rows })
          const [[value] = [null]] = cases
          const lookup = { table: own, by: ['id', 'v'], keys: [[0, value]], select: ['v'] }
          expect((await transaction.find(lookup)).map((row) => row && asBytes(row[0] ?? null))).not.toEqual([null])
        })
      }
    })

    const refusals = refused.flatMap(([type, rest, cases]) => cases.map(([value]) => ({ type, rest, value, shown: JSON.stringify(shown(value)) })))
    it.each(refusals)('of type $type refuse $shown and say where', async ({ type, rest, value }) => {
      const target = await openWithTables(subject(), [holder(type, rest)])
      const transaction = await beginOn(target)
      const good = kept.find(([other]) => other === type)?.[2][0]?.[0] ?? null
      const rows: Cell[][] = [
        [1, good],
        [2, value],
      ]
      const write = transaction.write({ table: holder(type, rest), columns: ['id', 'v'], key: ['id'], rows })
      await expect(write).rejects.toMatchObject({ code: 'value_invalid', details: { table: 'holder', column: 'v', row: 1 } })
      await transaction.rollback()
    })

    it('are shown in a refusal, cut to a length that fits a line', async () => {
      const target = await openWithTables(subject(), [holder('text', { maxLength: 5 })])
      const transaction = await beginOn(target)
      const error: unknown = await transaction
        .write({ table: holder('text', { maxLength: 5 }), columns: ['id', 'v'], rows: [[1, 'x'.repeat(5000)]] })
        .catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'value_invalid', details: { table: 'holder', value: expect.stringMatching(/^x{50,}…$/) } })
      expect(String(error).length).toBeLessThan(400)
      await transaction.rollback()
    })

    it('of type text hold U+0000, or refuse it, as the capability says', async () => {
      const target = await openWithTables(subject(), [holder('text', {})])
      const outcome = await written(target, 'text', {}, ['a\0b']).catch((thrown: unknown) => thrown)
      const refusal = expect.objectContaining({ code: 'value_invalid', details: expect.objectContaining({ table: 'holder', column: 'v' }) })
      expect(outcome).toEqual(capabilities.nulInText ? ['a\0b'] : refusal)
    })
  })
}

/** Databases differ in the zeros behind a decimal. */
function plain(value: Cell): Cell {
  return typeof value === 'string' && value.includes('.') ? value.replace(/\.?0+$/, '') : value
}

/** A Buffer is a Uint8Array too. */
function asBytes(value: Cell): Cell {
  return value instanceof Uint8Array ? Uint8Array.from(value) : value
}

function shown(value: Cell): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
