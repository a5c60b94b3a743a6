import { deflateRawSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { JobFile, JobOutcome } from '../../../server/jobs/importer.ts'
import { textAsJob } from '../../support/job-context.ts'
import { Databases } from '../restore/databases.ts'
import type { TestDatabase } from '../restore/test-database.ts'
import { takeOver } from './run-commerce.ts'
import { zipOf } from './zip-file.ts'
import { catalog, commerceText, product } from './xml.ts'

const declared = '<?xml version="1.0" encoding="UTF-8"?>'
const goods = commerceText(catalog(product('a')))
const million = 2 ** 20

/** [what it is, the file, the code and a part of the message that must come of it]. Nothing of any of them is written. */
const refused: [string, () => string | Uint8Array, string, RegExp][] = [
  [
    'entities that grow',
    () => `${declared}<!DOCTYPE a [<!ENTITY b "xx"><!ENTITY c "&b;&b;">]><Каталог><Ид>&c;</Ид></Каталог>`,
    'file_unsupported',
    /DOCTYPE/,
  ],
  ['an entity that is not defined', () => goods.replace('Product a', '&lol;'), 'file_damaged', /line \d+.*entity/],
  ['a file of this machine', () => `<!DOCTYPE a SYSTEM "file:///etc/passwd"><Каталог/>`, 'file_unsupported', /DOCTYPE/],
  ['a DOCTYPE without an end', () => `<!DOCTYPE ${'a'.repeat(3 * million)}`, 'file_limit', /longer than/],
  ['a million references', () => goods.replace('Product a', '&#65;'.repeat(million)), 'file_limit', /longer than/],
  ['elements within elements', () => `<Каталог>${'<a>'.repeat(200_000)}`, 'file_limit', /100 deep/],
  ['very many attributes', () => `<Каталог ${Array.from({ length: 100_000 }, (_, at) => `a${at}=""`).join(' ')}/>`, 'file_limit', /256 attributes/],
  ['an attribute of megabytes', () => `<Каталог a="${'x'.repeat(3 * million)}"/>`, 'file_limit', /longer than/],
  ['a text of megabytes', () => goods.replace('Product a', 'x'.repeat(3 * million)), 'file_limit', /longer than/],
  ['a comment of megabytes', () => goods.replace('<Каталог', `<!--${'x'.repeat(3 * million)}--><Каталог`), 'file_limit', /longer than/],
  ['U+0000', () => goods.replace('Product a', 'a\0b'), 'file_damaged', /well-formed/],
  ['half of a surrogate pair by number', () => goods.replace('Product a', '&#xD800;'), 'file_damaged', /well-formed/],
  [
    'a byte that is no UTF-8',
    () => Buffer.concat([Buffer.from('<Каталог><Ид>'), Buffer.from([0xd0, 0xff]), Buffer.from('</Ид></Каталог>')]),
    'file_damaged',
    /byte 22/,
  ],
  [
    'UTF-8 of more bytes than needed',
    () => Buffer.concat([Buffer.from('<Каталог>'), Buffer.from([0xc0, 0xaf]), Buffer.from('</Каталог>')]),
    'file_damaged',
    /byte 16/,
  ],
  ['an encoding that is not read', () => goods.replace('UTF-8', 'UTF-7'), 'file_unsupported', /UTF-7/],
  ['UTF-16 in name alone', () => goods.replace('UTF-8', 'UTF-16'), 'file_unsupported', /UTF-16/],
  ['UTF-16 with half a pair', () => Buffer.from(`\ufeff<Каталог><Ид>\ud800</Ид></Каталог>`, 'utf16le'), 'file_damaged', /byte 28/],
  ['UTF-8 that says it is windows-1251', () => goods.replace('UTF-8', 'windows-1251'), 'file_damaged', /line 2/],
  ['a file that was cut off', () => goods.slice(0, -30), 'file_damaged', /line \d+/],
  [
    'a file cut within a character',
    () => Buffer.from(goods).subarray(0, 180 - (Buffer.from(goods).subarray(0, 180).toString().endsWith('\ufffd') ? 0 : 1)),
    'file_damaged',
    /.*/,
  ],
  ['tags that cross', () => '<Каталог><Товары></Каталог></Товары>', 'file_damaged', /line 1/],
  ['an HTML page', () => '<html><body/></html>', 'file_unsupported', /HTML page/],
  ['XML of another kind', () => '<rss/>', 'file_unsupported', /<rss>/],
  ['no XML', () => 'PGDMP', 'file_unsupported', /no XML/],
  ['nothing', () => '', 'file_unsupported', /empty/],
]

describe('An import from 1C refuses, and writes nothing of,', () => {
  let databases: Databases
  let database: TestDatabase
  beforeAll(() => {
    databases = new Databases('SQLite')
  })
  beforeEach(async () => {
    database = await databases.create()
  })
  afterEach(async () => await databases.close())
  afterAll(async () => await databases.stop())

  const expectRefused = async (file: JobFile, code: string, message: RegExp): Promise<void> => {
    const { outcome } = await takeOver(database, [textAsJob('good.xml', goods), file])
    expect(outcome).toMatchObject({ status: 'failed', error: { code, message: expect.stringMatching(message) as string } })
    expect((outcome as Extract<JobOutcome, { error: unknown }>).error.message).toContain(file.name)
    expect(Object.keys(await database.rows())).not.toContain('commerce_products')
  }

  it.each(refused)('%s', async (_what, content, code, message) => await expectRefused(textAsJob('bad.xml', content()), code, message))

  const entry = { name: 'import.xml', content: goods }
  it.each([
    ['names that lead out of it', zipOf([{ ...entry, name: '../import.xml' }]), 'file_damaged', /relative path/],
    ['names from the root', zipOf([{ ...entry, name: '/etc/import.xml' }]), 'file_damaged', /absolute path/],
    ['names of a drive', zipOf([{ ...entry, name: 'C:\\import.xml' }]), 'file_damaged', /absolute path/],
    ['the same name twice', zipOf([entry, entry]), 'file_unsupported', /twice/],
    ['a link', zipOf([{ ...entry, mode: 0o120777 }]), 'file_unsupported', /link/],
    ['an encrypted file', zipOf([{ ...entry, flags: 1 }]), 'file_unsupported', /encrypted/],
    ['a method that is not known', zipOf([{ ...entry, method: 12 }]), 'file_unsupported', /method/],
    ['a wrong checksum', zipOf([{ ...entry, crc: 1 }]), 'file_damaged', /checksum/],
    ['more than it says', zipOf([{ ...entry, size: 10 }]), 'file_damaged', /larger than the zip says/],
    ['a bomb', zipOf([{ ...entry, size: 300 * million, packed: deflateRawSync(Buffer.alloc(1000)) }]), 'file_limit', /500 times/],
    [
      'more than the limit by its own word',
      zipOf(Array.from({ length: 20 }, (_, at) => ({ name: `${at}.xml`, content: goods, size: 4e9, packed: Buffer.alloc(0) }))),
      'file_limit',
      /.*/,
    ],
    ['half of itself', zipOf([entry]).subarray(0, 100), 'file_damaged', /ends in the middle/],
  ])('a zip with %s', async (_what, bytes, code, message) => await expectRefused(textAsJob('bad.zip', bytes), code, message))

  it('but reads a zip of the export folder, with its folders, whatever else is in it', async () => {
    const inner = zipOf([entry])
    const zip = zipOf([
      { name: 'webdata/000000001/goods/1/import___a.xml', content: goods },
      { name: 'webdata\\offers.xml', content: commerceText('') },
      { name: 'webdata/import_files/ab/a.jpg', content: 'not a picture' },
      { name: 'webdata/notes.txt', content: 'notes' },
      { name: 'webdata/more.zip', content: inner },
      { name: '__MACOSX/._x.xml', content: 'junk' },
    ])
    const { outcome, context } = await takeOver(database, [textAsJob('export.zip', zip)])
    expect(outcome).toMatchObject({ status: 'succeeded', ledger: { total: 1, succeeded: 1 } })
    expect(context.text).toContain('export.zip/webdata/notes.txt is no XML text and is passed over.')
    expect(context.text).toContain('export.zip/webdata/more.zip is no XML text')
  })

  it('but takes a record that is too large for a bad one, and the file for good', async () => {
    const large = product('big', `<ЗначенияСвойств>${'<ЗначенияСвойства/>'.repeat(100_001)}</ЗначенияСвойств>`)
    const { outcome, context } = await takeOver(database, [textAsJob('1.xml', commerceText(catalog(large + product('b'))))])
    expect(outcome).toMatchObject({ status: 'partly_failed', ledger: { total: 2, succeeded: 1, failed: 1 } })
    expect(context.rejected).toMatchObject([{ code: 'file_limit', key: 'big' }])
  })

  it('but does not run what looks like code, in names least of all', async () => {
    const nasty = `'; DROP TABLE commerce_products; -- __proto__ constructor`
    const { outcome } = await takeOver(database, [
      textAsJob('1.xml', commerceText(catalog(`<Товар __proto__="x"><Ид>${nasty}</Ид><Наименование>${nasty}</Наименование></Товар>`))),
    ])
    expect(outcome.status).toBe('succeeded')
    expect(await database.query('SELECT id, name FROM commerce_products')).toEqual([[nasty, nasty]])
  })
})
