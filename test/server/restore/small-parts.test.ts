import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inferTables } from '../../../server/importers/restore/check/infer-tables.ts'
import { Survey } from '../../../server/importers/restore/check/survey.ts'
import { inSetOrder } from '../../../server/importers/restore/load/set-order.ts'
import { ExactNumber } from '../../../server/importers/restore/record.ts'
import type { FixtureRecord } from '../../../server/importers/restore/record.ts'
import { excerptOf } from '../../../server/importers/restore/report/excerpt.ts'
import { Catalog } from '../../../server/importers/restore/schema/catalog.ts'
import { literalDefault } from '../../../server/importers/restore/schema/column-default.ts'
import { linkTableNames } from '../../../server/importers/restore/schema/django-models.ts'
import { resolveField } from '../../../server/importers/restore/schema/resolve-field.ts'
import { similarName } from '../../../server/importers/restore/schema/similar-name.ts'
import { OrdinalSet } from '../../../server/importers/restore/source/ordinal-set.ts'
import { jsonText } from '../../../server/importers/restore/values/json-text.ts'
import { column, table } from '../../contracts/target-subject.ts'

describe('a set of ordinals', () => {
  it('holds what a set holds, whatever the order, and is the same after a checkpoint', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200)), (numbers) => {
        const set = new OrdinalSet()
        for (const number of numbers) set.add(number)
        const expected = [...new Set(numbers)].toSorted((a, b) => a - b)
        const restored = OrdinalSet.fromText(set.toText())
        for (const each of [set, restored]) {
          expect([...each]).toEqual(expected)
          expect(each.size).toBe(expected.length)
          for (let number = 0; number <= 201; number += 1) expect(each.has(number)).toBe(expected.includes(number))
        }
        restored.add(500)
        expect(restored.has(500)).toBe(true)
      }),
    )
  })

  it('is small while its ordinals lie together', () => {
    const set = new OrdinalSet()
    for (let number = 1000; number < 200_000; number += 1) set.add(number)
    expect(set.toText()).toBe('rs+49js')
  })
})

describe('links', () => {
  /** Lists, and what `list(set(…))` makes of them in CPython 3.11. */
  const sets: [number[], number[]][] = [
    [
      [22, 33, 1, 29],
      [33, 29, 22, 1],
    ],
    [
      [34, 6, 36, 15, 0, 46],
      [0, 34, 36, 6, 46, 15],
    ],
    [
      [27, 52, 35, 23, 98, 49, 20, 97],
      [97, 98, 35, 49, 52, 20, 23, 27],
    ],
    [
      [408, 36, 71, 316, 227, 64, 67, 0, 497, 446, 2, 107],
      [64, 0, 2, 227, 36, 67, 71, 107, 497, 408, 316, 446],
    ],
    [
      [679, 3833, 596, 1080, 266, 1359, 1234, 3348, 2470, 2400, 13, 2441, 2776, 2898, 1384, 270, 1269, 1455, 3352, 1253, 1969, 2852, 1293, 756],
      [2441, 266, 13, 270, 1293, 3348, 3352, 2852, 2470, 679, 1455, 1969, 1080, 1359, 1234, 2898, 596, 2776, 2400, 1253, 1384, 756, 1269, 3833],
    ],
    [
      [162856944397, 302107825776, 772768544516, 101125623630, 752961240898, 336368094668, 876935589628],
      [752961240898, 772768544516, 336368094668, 162856944397, 101125623630, 302107825776, 876935589628],
    ],
  ]

  it.each(sets)('of %j are written in the order of a Python set', (list, expected) => {
    expect(inSetOrder(list)).toEqual(expected)
  })

  it('that are no numbers keep their order', () => {
    expect(inSetOrder(['b', 'a'])).toEqual(['b', 'a'])
    expect(inSetOrder([3, -1])).toEqual([3, -1])
  })
})

describe('names', () => {
  const base = table('blog_post', [column('id', 'integer'), column('title', 'text'), column('author_id', 'integer'), column('MGLT', 'text')])
  const tag = table('blog_tag', [column('id', 'integer')])
  const links = (name: string, columns: string[], owners: string[]): ReturnType<typeof table> =>
    table(
      name,
      ['id', ...columns].map((one) => column(one, 'integer')),
      {
        foreignKeys: columns.map((one, at) => ({ columns: [one], table: owners[at] ?? '', references: ['id'] })),
      },
    )

  it('of tables that are too long are cut as Django cuts them', () => {
    const long = 'a'.repeat(70)
    expect(linkTableNames('blog_post', long)).toEqual([
      `blog_post_${long}`,
      expect.stringMatching(/^blog_post_a{49}[0-9a-f]{4}$/),
      expect.stringMatching(/^blog_post_a{50}[0-9a-f]{4}$/),
    ])
  })

  it('of fields lead to a column, to one with _id, or to one in other letters', () => {
    const catalog = new Catalog([base])
    expect(resolveField(catalog, base, 'post', 'title')).toMatchObject({ kind: 'column', column: { name: 'title' } })
    expect(resolveField(catalog, base, 'post', 'author')).toMatchObject({ kind: 'column', column: { name: 'author_id' } })
    expect(resolveField(catalog, base, 'post', 'mglt')).toMatchObject({ kind: 'column', column: { name: 'MGLT' } })
    expect(resolveField(catalog, base, 'post', 'titel')).toEqual({ kind: 'missing', similar: 'title' })
  })

  it('of link tables that the project chose are found by their foreign keys, when the field says what they lead to', () => {
    const own = links('post_labels', ['post_id', 'tag_id'], ['blog_post', 'blog_tag'])
    const catalog = new Catalog([base, tag, own])
    expect(resolveField(catalog, base, 'post', 'tags')).toMatchObject({ kind: 'links', links: { owner: 'post_id', other: { name: 'tag_id' } } })
    expect(resolveField(catalog, base, 'post', 'readers')).toMatchObject({ kind: 'missing' })
  })

  it('of the two sides of links to oneself are told apart', () => {
    const friends = links('blog_post_friends', ['to_post_id', 'from_post_id'], ['blog_post', 'blog_post'])
    expect(resolveField(new Catalog([base, friends]), base, 'post', 'friends')).toMatchObject({
      links: { owner: 'from_post_id', other: { name: 'to_post_id' } },
    })
  })

  it('that nobody meant are not proposed', () => {
    expect(similarName('nmae', ['name', 'rank'])).toBe('name')
    expect(similarName('colour', ['name', 'rank'])).toBeNull()
  })
})

describe('a default of a column', () => {
  it.each([
    [`7`, '7'],
    [`(7)`, '7'],
    [`'it''s'::character varying`, "it's"],
    [`'12.5'::numeric(6,2)`, '12.5'],
    [`true`, true],
    [`NULL::character varying`, null],
    [`now()`, undefined],
    [`nextval('a_seq'::regclass)`, undefined],
    [`CURRENT_TIMESTAMP`, undefined],
  ])('%s is read', (sql, value) => {
    expect(literalDefault(column('a', 'text', { default: sql }))).toBe(value)
  })
})

describe('JSON', () => {
  it('is written as Python writes it', () => {
    const value = { b: [1, new ExactNumber('1.10'), true, null], ключ: 'é"\n\u007f🙂', __proto__x: {} }
    expect(jsonText(value)).toBe(
      '{"b": [1, 1.10, true, null], "\\u043a\\u043b\\u044e\\u0447": "\\u00e9\\"\\n\\u007f\\ud83d\\ude42", "__proto__x": {}}',
    )
  })
})

describe('a survey', () => {
  const fixture = (value: object, record = 1): FixtureRecord => ({
    file: 'a.json',
    record,
    byte: 0,
    line: 1,
    value: value as never,
    text: () => JSON.stringify(value),
  })

  it('does not grow without bound on a file that is no backup', () => {
    const survey = new Survey(() => true)
    const strange = (at: number): FixtureRecord => fixture({ model: 'a.b', pk: 1, fields: { [`f${at}`]: 1 } })
    expect(() => {
      for (let at = 0; at < 5000; at += 1) survey.see(strange(at))
    }).toThrow(/more than 2000 different fields/)
  })

  it('names tables that no database could keep whole as Django would', () => {
    const survey = new Survey(() => false)
    survey.see(fixture({ model: `app.${'x'.repeat(80)}`, pk: 1, fields: {} }))
    const [made] = inferTables(survey.models(), survey.models())
    expect(made?.name).toMatch(/^app_x{55}[0-9a-f]{4}$/)
  })

  it('keeps of a large record its beginning', () => {
    const large = excerptOf(fixture({ model: 'a.b', pk: 'k'.repeat(500), fields: { text: 'ä'.repeat(100_000) } }))
    expect(Buffer.byteLength(large.content ?? '')).toBeLessThanOrEqual(65_536)
    expect(large.content).not.toContain('\ufffd')
    expect(large.key).toHaveLength(200)
  })
})
