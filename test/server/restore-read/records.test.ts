import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../server/errors.ts'
import { readRecords } from '../../../server/importers/restore/read/records.ts'
import type { ReadOptions } from '../../../server/importers/restore/read/records.ts'
import { ExactNumber } from '../../../server/importers/restore/record.ts'
import type { FixtureRecord } from '../../../server/importers/restore/record.ts'
import type { JobFile } from '../../../server/jobs/importer.ts'
import { collect, fixture, jobFileOf, packedFileOf } from './job-file.ts'

const signal = new AbortController().signal
const chunks = [1, 2, 7, 65536]

async function read(content: string | Uint8Array | JobFile, options: Partial<ReadOptions> = {}, chunk?: number): Promise<FixtureRecord[]> {
  const file = typeof content === 'object' && 'open' in content ? content : jobFileOf(content, { ...(chunk !== undefined && { chunk }) })
  return (await collect(readRecords(file, { signal, ...options }))).flat()
}

/** What was read, without positions. */
async function values(content: string | Uint8Array): Promise<unknown[]> {
  return (await read(content)).map(({ value, problem }) => problem ?? value)
}

async function refusal(content: string | Uint8Array | JobFile, options?: Partial<ReadOptions>, chunk?: number): Promise<AppError> {
  const error = await read(content, options, chunk).then(
    (records) => expect.fail(`${records.length} records were read`),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

const one = (fields: string) => `[{"model": "a.b", "pk": 1, "fields": ${fields}}]`
const record = (pk: number) => ({ model: 'a.b', pk, fields: { n: pk } })

describe('a list', () => {
  it.each(chunks)('is read with the place of each record, in chunks of %i', async (chunk) => {
    const text = '\n [ {"model": "a.b",\n"pk": 1, "fields": {"t": "é]},{\\""}}\n,\r\n\t{"model":"a.b","pk":null,"fields":{}} ]\n\n'
    const records = await read(text, {}, chunk)
    expect(records.map(({ text: _, ...rest }) => rest)).toEqual([
      { file: 'backup.json', record: 1, byte: 4, line: 2, value: { model: 'a.b', pk: 1, fields: { t: 'é]},{"' } } },
      {
        file: 'backup.json',
        record: 2,
        byte: Buffer.from(text).indexOf('{"model":"a.b","pk":null'),
        line: 5,
        value: { model: 'a.b', pk: null, fields: {} },
      },
    ])
    expect(records[0]!.text()).toBe('{"model": "a.b",\n"pk": 1, "fields": {"t": "é]},{\\""}}')
  })

  it.each(['[]', ' [ \n ] ', '\uFEFF[]'])('may be empty: %j', async (text) => {
    expect(await read(text)).toEqual([])
  })

  it('keeps apart a pk that is absent and one that is null', async () => {
    const [absent, empty] = await read('[{"model":"a.b","fields":{}},{"model":"a.b","pk":null,"fields":{}}]')
    expect(absent!.value).not.toHaveProperty('pk')
    expect(empty!.value).toHaveProperty('pk', null)
  })

  it('comes in batches of some hundred records', async () => {
    const text = JSON.stringify(Array.from({ length: 2000 }, (_, n) => record(n)))
    const batches = await collect(readRecords(jobFileOf(text, { chunk: 4096 }), { signal }))
    expect(batches.map((batch) => batch.length).every((length) => length <= 700)).toBe(true)
    expect(batches.flat().map(({ record: number, value }) => [number, value?.pk])).toEqual(Array.from({ length: 2000 }, (_, n) => [n + 1, n]))
  })

  it('tells its progress in packed bytes', async () => {
    const packed = gzipSync(JSON.stringify(Array.from({ length: 5000 }, (_, n) => record(n))))
    const seen: number[] = []
    await read(jobFileOf(packed, { chunk: 1000 }), { onProgress: ({ packedRead }) => seen.push(packedRead) })
    expect(seen.length).toBeGreaterThan(5)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toBe(packed.length)
  })
})

describe('JSON Lines', () => {
  it.each(chunks)('are read with the place of each record, in chunks of %i', async (chunk) => {
    const text = '{"model":"a.b","fields":{"t":"a\u2028b"}}\r\n\n  \r\n {"model":"a.b","fields":{}} \n{"model":"a.b","fields":{"n":3}}'
    const records = await read(text, {}, chunk)
    expect(records.map(({ text: _, ...rest }) => rest)).toEqual([
      { file: 'backup.json', record: 1, byte: 0, line: 1, value: { model: 'a.b', fields: { t: 'a\u2028b' } } },
      { file: 'backup.json', record: 2, byte: Buffer.from(text).indexOf(' {"model"') + 1, line: 4, value: { model: 'a.b', fields: {} } },
      { file: 'backup.json', record: 3, byte: Buffer.from(text).lastIndexOf('{"model"'), line: 5, value: { model: 'a.b', fields: { n: 3 } } },
    ])
  })

  it('lose only the line that is broken', async () => {
    const good = '{"model":"a.b","fields":{}}'
    const records = await read([good, '{"model":', good, `${good} x`, good, 'word', `{"model":"a.b","fields":{"t":[1}}`, ''].join('\n'))
    expect(records.map(({ problem, line }) => [line, problem?.replace(/:.*/, '')])).toEqual([
      [1, undefined],
      [2, 'The record is not valid JSON'],
      [3, undefined],
      [4, 'The record is not valid JSON'],
      [5, undefined],
      [6, 'The record is not valid JSON'],
      [7, 'The record is not valid JSON'],
    ])
  })

  it('that end in the middle of a record are damaged, and what stands before is given out', async () => {
    const seen: number[] = []
    const reading = (async () => {
      for await (const batch of readRecords(jobFileOf('{"model":"a.b","fields":{}}\n{"model":"a.b","fie'), { signal }))
        seen.push(...batch.map((item) => item.record))
    })()
    await expect(reading).rejects.toMatchObject({ code: 'file_damaged', details: { file: 'backup.json', record: 2, line: 2, byte: 28 } })
    expect(seen).toEqual([1])
  })

  it('are not one object over several lines', async () => {
    expect(await refusal('{\n "count": 1,\n "results": []\n}\n')).toMatchObject({
      code: 'file_unsupported',
      message: expect.stringContaining('one JSON object over several lines'),
    })
  })
})

describe('the text', () => {
  it('may have a byte order mark, which counts among its bytes', async () => {
    expect((await read('\uFEFF[{"model":"a.b","fields":{}}]'))[0]).toMatchObject({ byte: 4, line: 1, record: 1 })
  })

  it.each(chunks)('may be UTF-16, in chunks of %i', async (chunk) => {
    const text = '\uFEFF[{"model":"a.b","fields":{"t":"Ж😀"}}]'
    for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
      expect((await read(bytes, {}, chunk))[0]?.value?.fields).toEqual({ t: 'Ж😀' })
    }
  })

  it('in UTF-16 that is broken is damaged', async () => {
    const lone = Buffer.from('\uFEFF[{"model":"a.b","fields":{"t":"\uD800"}}]', 'utf16le')
    expect(await refusal(lone)).toMatchObject({ code: 'file_damaged' })
    expect(await refusal(Buffer.concat([Buffer.from('\uFEFF[]', 'utf16le'), Buffer.from(' ')]))).toMatchObject({ code: 'file_damaged' })
  })

  it.each(chunks)('that is not UTF-8 spoils its own record, and says where, in chunks of %i', async (chunk) => {
    const [before, after] = ['[{"model":"a.b","fields":{"t":"é"}},{"model":"a.b","fields":{"t":"я', '"}},{"model":"a.b","fields":{"t":"é"}}]'].map(
      (text) => Buffer.from(text),
    )
    for (const bad of ['ff', 'c080', 'eda080', 'd0', 'e282', 'f0288cbc', 'f4908080']) {
      const records = await read(Buffer.concat([before!, Buffer.from(bad, 'hex'), after!]), {}, chunk)
      expect(records.map(({ value }) => value?.fields.t)).toEqual(['é', undefined, 'é'])
      expect(records[1]!.problem).toContain(`byte ${before!.length} of the file (0x${bad.slice(0, 2).toUpperCase()})`)
    }
  })

  it('may hold any character as it is or escaped', async () => {
    expect((await read(one('{"t": "\\u0000\\ud83d\\ude00\u2028\u2029\u007f\u{10FFFF}\uFEFF"}')))[0]?.value?.fields.t).toBe(
      '\0😀\u2028\u2029\u007f\u{10FFFF}\uFEFF',
    )
  })
})

describe('numbers', () => {
  const exact = (text: string) => new ExactNumber(text)
  it.each<[string, unknown]>([
    ['0', 0],
    ['-0', -0],
    ['-17', -17],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', exact('9007199254740992')],
    ['9007199254740993', exact('9007199254740993')],
    ['-9007199254740993', exact('-9007199254740993')],
    ['123456789012345678901234567890', exact('123456789012345678901234567890')],
    ['0.5', 0.5],
    ['55.7558', 55.7558],
    ['0.30000000000000004', 0.30000000000000004],
    ['0.7999999999999999', 0.7999999999999999],
    ['0.1234567890123456789', exact('0.1234567890123456789')],
    ['1.000000000000000001', exact('1.000000000000000001')],
    ['1.10', exact('1.10')],
    ['1.0', exact('1.0')],
    ['-0.0', exact('-0.0')],
    ['100.05', 100.05],
    ['1e5', 100000],
    ['1E+5', 100000],
    ['1.5e3', 1500],
    ['1e-7', 1e-7],
    ['1e-07', 1e-7],
    ['1e16', exact('1e16')],
    ['1e400', exact('1e400')],
    ['-1e400', exact('-1e400')],
    ['1e-400', exact('1e-400')],
    ['0e5', 0],
  ])('keep all that is written: %s', async (text, value) => {
    for (const content of [one(`{"n": ${text}}`), one(`{"n":[${text},{"m":${text}}]}`)]) {
      for (const chunk of chunks) {
        const [item] = await read(content, {}, chunk)
        const found = item!.value!.fields.n
        expect(Array.isArray(found) ? found : [found, { m: found }]).toEqual([value, { m: value }])
      }
    }
    expect((await read(`[{"model":"a.b","pk":${text},"fields":{}}]`))[0]?.value?.pk).toEqual(value)
  })

  it('in texts stay texts', async () => {
    expect((await values(one('{"n": "1.10", "9007199254740993.0": "a, 1.10, b"}')))[0]).toMatchObject({
      fields: { n: '1.10', '9007199254740993.0': 'a, 1.10, b' },
    })
  })
})

describe('a record that can be told from its neighbours but not taken', () => {
  it.each<[string, RegExp]>([
    ['1', /^The record is a number, not an object/],
    ['"a ] , }"', /^The record is a text/],
    ['null', /^The record is null/],
    ['true', /^The record is true or false/],
    ['[{"model": "a.b"}]', /^The record is a list/],
    ['1.10', /^The record is a number/],
    ['word', /^The record is not valid JSON: unexpected token 'w'\.$/],
    ['{}', /no "model"/],
    ['{"model": 5, "fields": {}}', /no "model"/],
    ['{"model": "", "fields": {}}', /no "model"/],
    ['{"model": "a.b"}', /no "fields"/],
    ['{"model": "a.b", "fields": []}', /no "fields"/],
    ['{"model": "a.b", "fields": null}', /no "fields"/],
    ['{"model": "a.b", "fields": 1.0}', /no "fields"/],
    ['{"model": "a.b", "model": "a.c", "fields": {}}', /names "model" twice/],
    ['{"model": "a.b", "fields": {"x": 1, "y": {"z": 1}, "x": 2}}', /names "x" twice/],
    ['{"model": "a.b", "fields": {"x": 1, "\\u0078": 2}}', /names "x" twice/],
    ['{"model": "a.b", "fields": {"x": 1}, "fields": {"y": 1}}', /names "fields" twice/],
    ['{"model": "a.b", "__proto__": {}, "fields": {}}', /"__proto__"/],
    ['{"model": "a.b", "fields": {"__proto__": 1}}', /"__proto__"/],
    ['{"model": "a.b", "fields": {"\\u005f_proto__": 1}}', /"__proto__"/],
    ['{"model": "a.b", "fields": {"j": [{"__prot\\u006f__": 1}]}}', /"__proto__"/],
    ['{"model": "a.b", "fields": {"t": "\\ud800"}}', /half of a character/],
    ['{"model": "a.b", "fields": {"j": {"\\udc00x": 1}}}', /half of a character/],
    ['{"model": "a.b", "fields": {"n": NaN}}', /holds NaN or Infinity/],
    ['{"model": "a.b", "fields": {"n": [1, -Infinity]}}', /holds NaN or Infinity/],
    ['{"model": "a.b", "fields": {"t": "a\tb"}}', /not valid JSON: bad control character.* at its character 36\./],
    ['{"model": "a.b", "fields": {"t": "a\nb"}}', /not valid JSON/],
    ['{"model": "a.b", "fields": {"t": 1,}}', /not valid JSON/],
    ["{'model': 'a.b'}", /not valid JSON/],
    [`{"model": "a.b", "fields": {"j": ${'['.repeat(63)}${']'.repeat(63)}}}`, /more than 64 deep/],
    [`{"model": "a.b", "fields": {"j": ${'[{"a":'.repeat(5000)}1${'}]'.repeat(5000)}}}`, /more than 64 deep/],
  ])('comes with its problem, and the next is sound: %s', async (text, problem) => {
    for (const chunk of [5, 65536]) {
      const records = await read(`[${text},{"model":"a.b","pk":2,"fields":{}}]`, {}, chunk)
      expect(records).toHaveLength(2)
      expect(records[0]).toMatchObject({ record: 1, byte: 1, problem: expect.stringMatching(problem) })
      expect(records[0]!.text()).toBe(text)
      expect(records[1]).toMatchObject({ record: 2, value: { pk: 2 } })
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('does not put out the count of lines', async () => {
    const records = await read('[{"model": "a.b", "fields": {"t": "a\nb"}},\n{"model": "a.b", "fields": {}}]')
    expect(records.map(({ line, problem }) => [line, problem === undefined])).toEqual([
      [1, false],
      [3, true],
    ])
  })

  it.each([
    '{"model": "a.b", "extra": {"x": 1, "x": 2}, "fields": {"x": 1}}',
    '{"model": "a.b", "extra": {"model": 1}, "fields": {"x": {"x": {"x": 1}}}}',
    '{"model": "a.b", "pk": [{"x": 1, "y": 2}], "fields": {"t": "\\"x\\": 1, \\"x\\": 2", "x": 3}}',
    '{"model": "a.b", "fields": {"t": "__proto__ \\u005f \\ud83d\\ude00"}}',
    `{"model": "a.b", "fields": {"j": ${'['.repeat(62)}${']'.repeat(62)}}}`,
  ])('is not one that only looks so: %s', async (text) => {
    const [item] = await read(`[${text}]`)
    expect(item).toMatchObject({ value: JSON.parse(text) as object })
  })
})

describe('a file that is broken', () => {
  const good = '{"model":"a.b","fields":{}}'
  it.each<[string, string, RegExp, object]>([
    ['a comma is missing', `[${good}\n${good}]`, /a comma or \] must follow the record, but there is \{/, { record: 1, line: 2, byte: 29 }],
    ['a comma is too much', `[${good},]`, /a record must follow the comma, but there is \]/, { record: 2, line: 1, byte: 29 }],
    ['it begins with a comma', `[,${good}]`, /a record or \] must follow the \[, but there is ,/, { record: 1, line: 1, byte: 1 }],
    ['two commas', `[${good},\n,${good}]`, /a record must follow the comma, but there is ,/, { record: 2, line: 2, byte: 30 }],
    ['a bracket closes another', `[${good},\n{"model":"a.b",\n"fields":[1}}]`, /a closing bracket does not fit/, { record: 2, line: 3, byte: 57 }],
    ['something follows the list', `[${good}]\n[]`, /something stands after the end of the list/, { record: 1, line: 2, byte: 30 }],
    ['a NUL stands between records', `[${good}\0]`, /but there is byte 0x00/, { record: 1, line: 1, byte: 28 }],
    ['it ends after [', '[', /the list is not closed by \] after 0 records/, { record: 1, line: 1, byte: 1 }],
    ['it ends after a record', `[${good}`, /the list is not closed by \] after 1 records/, { record: 1, line: 1, byte: 28 }],
    ['it ends after a comma', `[${good},`, /cut off: the list is not closed/, { record: 2, line: 1, byte: 29 }],
    [
      'it ends in a record',
      `[${good},\n{"model":"a.b","fi`,
      /cut off: it ends at byte 48 in the middle of a text in a record/,
      { record: 2, line: 2, byte: 30 },
    ],
    ['it ends between fields', `[${good},\n{"model":"a.b",`, /in the middle of a record that begins here/, { record: 2, line: 2, byte: 30 }],
  ])('says what and where: %s', async (_, text, message, place) => {
    for (const chunk of chunks) {
      const error = await refusal(text, {}, chunk)
      expect(error.message).toMatch(message)
      expect(error).toMatchObject({ code: 'file_damaged', details: { file: 'backup.json', ...place } })
      expect(error.message).toContain('backup.json is ')
    }
  })

  it('gives out the records before the fault', async () => {
    const seen: number[] = []
    const reading = (async () => {
      for await (const batch of readRecords(jobFileOf(`[${good},${good} ${good}]`), { signal })) seen.push(...batch.map((item) => item.record))
    })()
    await expect(reading).rejects.toMatchObject({ code: 'file_damaged' })
    expect(seen).toEqual([1, 2])
  })

  it.each<[string, Buffer | string, RegExp]>([
    ['an empty file', '', /^backup\.json is an empty file\. Restore takes Django fixtures/],
    ['SQL', '-- PostgreSQL database dump\n', /is an SQL dump/],
    ['packed twice', gzipSync(gzipSync('[]')), /packed twice: inside is a gzip file\. Unpack it once/],
    ['a picture, packed', gzipSync(Buffer.from('89504e470d0a1a0a', 'hex')), /is a PNG picture/],
    ['an empty gzip file', gzipSync(''), /is an empty file/],
  ])('or not a fixture is named: %s', async (_, content, message) => {
    const error = await refusal(content)
    expect(error.message).toMatch(message)
    expect(error.code).toBe('file_unsupported')
  })

  it('or a zip in a zip is refused', async () => {
    expect(await refusal(packedFileOf(fixture('nested.zip')))).toMatchObject({
      code: 'file_unsupported',
      message: expect.stringContaining('inside is a zip file'),
    })
  })
})

describe('a limit', () => {
  it.each(chunks)('holds for one record, in chunks of %i', async (chunk) => {
    const text = JSON.stringify([record(1), { ...record(2), fields: { t: 'x'.repeat(1000) } }])
    const size = JSON.stringify({ ...record(2), fields: { t: 'x'.repeat(1000) } }).length
    expect(await read(text, { limits: { recordBytes: size } }, chunk)).toHaveLength(2)
    expect(await refusal(text, { limits: { recordBytes: size - 1 } }, chunk)).toMatchObject({
      code: 'file_limit',
      message: expect.stringContaining('record 2 (line 1, byte '),
    })
    const lines = text.slice(1, -1).replace('},{', '}\n{')
    expect(await read(lines, { limits: { recordBytes: size } }, chunk)).toHaveLength(2)
    expect(await refusal(lines, { limits: { recordBytes: size - 1 } }, chunk)).toMatchObject({ code: 'file_limit', details: { record: 2, line: 2 } })
  })
})

describe('stopping', () => {
  it('ends with the reason of the signal', async () => {
    const controller = new AbortController()
    const reason = new AppError('cancelled', 'Stop.')
    const text = JSON.stringify(Array.from({ length: 5000 }, (_, n) => record(n)))
    const reading = (async () => {
      for await (const batch of readRecords(jobFileOf(text, { chunk: 1000 }), { signal: controller.signal }))
        if (batch.length > 0) controller.abort(reason)
    })()
    await expect(reading).rejects.toBe(reason)
  })

  it('before the beginning opens nothing', async () => {
    const reason = new AppError('shutting_down', 'Stop.')
    const open = () => expect.fail('opened')
    await expect(read({ ...jobFileOf('[]'), open }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})

const samples = resolve(process.env.SAMPLES_DIR ?? '../shared/samples', 'fixtures')
describe.skipIf(!existsSync(samples))('real samples', () => {
  const names = existsSync(samples) ? readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter((name) => /\.jsonl?$/.test(name)) : []

  it.each(names.filter((name) => !name.endsWith('invalid.json')))('are read as JSON.parse reads them: %s', async (name) => {
    const bytes = readFileSync(resolve(samples, name))
    const text = bytes.toString('utf8')
    const expected = name.endsWith('l')
      ? text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line) as unknown)
      : (JSON.parse(text) as unknown[])
    const records = await read(bytes, {}, 1000)
    expect(records.map(({ text: own }) => JSON.parse(own()) as unknown)).toEqual(expected)
    expect(records.flatMap(({ problem }) => problem ?? [])).toEqual([])
    for (const item of records)
      expect(bytes.subarray(item.byte).toString('utf8', 0, 200)).toBe(
        Buffer.from(item.text() + bytes.toString('utf8', item.byte + Buffer.byteLength(item.text()), item.byte + 1000)).toString('utf8', 0, 200),
      )
  })
})
