import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fileAsJob, recordsAsJob } from '../../support/job-context.ts'
import { samplesDir } from '../../support/samples.ts'
import { Databases, dialects } from './databases.ts'
import { restoreInto } from './run-restore.ts'
import type { TestDatabase } from './test-database.ts'

const samples = samplesDir()

/** Real fixtures for which there is no schema: repository, then the file in it. */
function schemaless(): string[] {
  if (samples === null) return ['none']
  const of = (repository: string): string[] =>
    readdirSync(join(samples, 'fixtures', repository), { recursive: true }).flatMap((file) =>
      String(file).endsWith('.json') ? [join(repository, String(file))] : [],
    )
  return [...of('wagtail__bakerydemo'), ...of('django-oscar__django-oscar')]
}

const record = (model: string, pk: unknown, fields: object): object => ({ model, pk, fields })

describe.each(dialects.filter(({ available }) => available))('on $name, tables that are missing', ({ name }) => {
  const databases = new Databases(name)
  afterEach(async () => await databases.close())
  afterAll(async () => await databases.stop())

  const typesOf = async (database: TestDatabase, table: string): Promise<Record<string, string>> => {
    const target = await database.target()
    const found = (await target.readSchema()).find((candidate) => candidate.name === table)
    return Object.fromEntries(found?.columns.map((column) => [column.name, column.type]) ?? [])
  }

  it.skipIf(samples === null).each(schemaless())('are made for %s, and hold all of it', async (file) => {
    const path = join(samples ?? '', 'fixtures', file)
    const records = JSON.parse(readFileSync(path, 'utf8')) as { model: string }[]
    const database = await databases.create()
    const { outcome, context } = await restoreInto(database, [fileAsJob(path)])
    expect(outcome, context.text).toEqual({
      status: 'succeeded',
      ledger: { total: records.length, succeeded: records.length, failed: 0, skipped: 0, notReached: 0 },
    })
    const rows = await database.rows()
    for (const [model, found] of Map.groupBy(records, (one) => one.model)) {
      const table = { 'flatpages.flatpage': 'django_flatpage' }[model] ?? model.replace('.', '_')
      expect(rows[table], table).toHaveLength(found.length)
    }
    // The same again changes nothing.
    const again = await restoreInto(database, [fileAsJob(path)])
    expect(again.outcome.status, again.context.text).toBe('succeeded')
    expect(await database.rows()).toEqual(rows)
  })

  it('get the narrowest types that hold every value, told in one line each', async () => {
    const database = await databases.create()
    const { outcome, context } = await restoreInto(database, [recordsAsJob('a.json', typed)])
    expect(outcome, context.text).toMatchObject({ status: 'succeeded' })
    expect(await typesOf(database, 'app_thing')).toEqual({
      id: 'integer',
      whole: 'integer',
      ratio: 'float',
      price: 'decimal',
      version: 'text',
      upc: 'text',
      flag: 'boolean',
      word: 'text',
      day: 'date',
      at: 'datetime',
      clock: 'time',
      uid: 'uuid',
      data: 'json',
      author: 'json',
      mixed: 'text',
      none: 'text',
      empty: 'json',
      repeated: 'json',
    })
    expect(await typesOf(database, 'app_thing_tags')).toEqual({ id: 'integer', thing_id: 'integer', tag_id: 'integer' })
    expect(await typesOf(database, 'app_tag')).toEqual({ id: 'text', word: 'text' })
    expect(await database.query('SELECT thing_id, tag_id FROM app_thing_tags ORDER BY id')).toEqual([
      [1, 9],
      [1, 2],
    ])
    expect(context.text).toContain('Table app_thing_tags is made: id integer (key), thing_id integer, tag_id integer.')
  })

  it('are made only when asked for, once there are others', async () => {
    const database = await databases.create('CREATE TABLE other (id integer PRIMARY KEY)')
    const files = [recordsAsJob('a.json', [record('app.tag', 1, { word: 'a' })])]
    const { outcome } = await restoreInto(database, files)
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'table_missing', message: expect.stringContaining('"app_tag"') as string } })
    expect((await restoreInto(database, files, { options: { createTables: true } })).outcome).toMatchObject({ status: 'succeeded' })
    expect(await database.query('SELECT id, word FROM app_tag')).toEqual([[1, 'a']])
  })

  it('are not made in an empty database when that is switched off', async () => {
    const database = await databases.create()
    const { outcome } = await restoreInto(database, [recordsAsJob('a.json', [record('app.tag', 1, { word: 'a' })])], {
      options: { createTables: false },
    })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'table_missing' } })
  })

  it('are gone again after a run that failed, or was a dry one', async () => {
    const database = await databases.create()
    const bad = [record('app.tag', 1, { word: 'a' }), record('app.tag', 1, { word: ['b'] }), { model: 'app' }]
    expect((await restoreInto(database, [recordsAsJob('a.json', bad)])).outcome.status).toBe('failed')
    expect((await restoreInto(database, [recordsAsJob('a.json', typed)], { options: { dryRun: true } })).outcome.status).toBe('succeeded')
    expect(await database.rows()).toEqual({})
  })

  it('are one for names that differ in capital letters alone', async () => {
    const database = await databases.create()
    const records = [record('app.Tag', 1, { word: 'a', Word: 'b' }), record('app.tag', 2, { word: 'c' })]
    const { outcome } = await restoreInto(database, [recordsAsJob('a.json', records)], { options: { mode: 'keep_going' } })
    expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { succeeded: 1, failed: 1 } })
    expect(await database.query('SELECT id, word FROM app_tag')).toEqual([[2, 'c']])
  })

  it('are there for a run that goes on, with the records that were good', async () => {
    const database = await databases.create()
    const records = [record('app.tag', null, { word: 'a' }), { model: 'app' }, record('app.tag', null, { word: 'b' })]
    const { outcome } = await restoreInto(database, [recordsAsJob('a.json', records)], { options: { mode: 'keep_going' } })
    expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { succeeded: 2, failed: 1 } })
    expect(await database.query('SELECT id, word FROM app_tag ORDER BY 1')).toEqual([
      [1, 'a'],
      [2, 'b'],
    ])
  })
})

const typed = [
  record('app.thing', 1, {
    whole: 1,
    ratio: 1,
    price: '12.50',
    version: '1.9',
    upc: '0012',
    flag: true,
    word: 'x',
    day: '2024-01-02',
    at: '2024-01-02T03:04:05Z',
    clock: '08:00:00',
    uid: '01234567-89ab-cdef-0123-456789abcdef',
    data: { a: [1] },
    author: ['anna'],
    mixed: 1,
    none: null,
    empty: [],
    repeated: [1, 1],
    tags: [9, 2],
  }),
  record('app.thing', '2', {
    whole: 9_000_000_000,
    ratio: 0.5,
    price: '7.00',
    version: '1.10',
    upc: '12',
    flag: null,
    word: '2024-01-02',
    day: null,
    at: '2024-01-02',
    clock: null,
    uid: null,
    data: null,
    author: null,
    mixed: 'x',
    none: null,
    empty: [],
    repeated: [2],
    tags: [],
  }),
  record('app.tag', 'red', { word: 'rouge' }),
]
