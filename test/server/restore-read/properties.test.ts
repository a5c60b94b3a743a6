import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRecords } from '../../../server/importers/restore/read/records.ts'
import { ExactNumber } from '../../../server/importers/restore/record.ts'
import type { FixtureRecord } from '../../../server/importers/restore/record.ts'
import type { JobFile } from '../../../server/jobs/importer.ts'
import { collect, jobFileInChunks } from './job-file.ts'

const signal = new AbortController().signal

async function read(file: JobFile): Promise<FixtureRecord[]> {
  return (await collect(readRecords(file, { signal }))).flat()
}

const key = fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__' && text.isWellFormed())
const leaf = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '\n', 'u', '0', 'é', '😀', '\u2028') }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
  fc.boolean(),
  fc.constant(null),
)
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value
const records = fc.array(
  fc.record(
    { model: fc.constantFrom('library.book', 'люди.автор'), pk: leaf, fields: fc.dictionary(key, json, { maxKeys: 5, noNullPrototype: true }) },
    { requiredKeys: ['model', 'fields'] },
  ),
  { maxLength: 6 },
)
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 })
const blanks = fc.infiniteStream(fc.constantFrom('', '', ' ', '\n', '\r\n', '\t', '  \n '))

/** JSON with blanks from the stream between all tokens, and what JSON.stringify escapes escaped. */
function write(value: unknown, blank: () => string): string {
  if (Array.isArray(value)) return `[${blank()}${value.map((item) => write(item, blank)).join(`${blank()},${blank()}`)}${blank()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}${blank()}:${blank()}${write(item, blank)}`)
  return `{${blank()}${entries.join(`${blank()},${blank()}`)}${blank()}}`
}

/** Doubles that were kept as text, as doubles. */
function plain(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
  return value
}

describe('whatever the records, the blanks and the chunks', () => {
  it('a list is read back with the right places', async () => {
    await fc.assert(
      fc.asyncProperty(records, blanks, sizes, fc.boolean(), async (values, stream, chunkSizes, mark) => {
        const blank = () => stream.next().value as string
        let text = `${mark ? '\uFEFF' : ''}${blank()}[${blank()}`
        const places: { byte: number; line: number; text: string }[] = []
        for (const [index, value] of values.entries()) {
          if (index > 0) text += `${blank()},${blank()}`
          const written = write(value, blank)
          places.push({ byte: Buffer.byteLength(text), line: text.split('\n').length, text: written })
          text += written
        }
        text += `${blank()}]${blank()}`
        const found = await read(jobFileInChunks(Buffer.from(text), chunkSizes))
        expect(found.map(({ byte, line, text: own }) => ({ byte, line, text: own() }))).toEqual(places)
        expect(found.map(({ record }) => record)).toEqual(values.map((_, index) => index + 1))
        expect(found.map(({ value, problem }) => problem ?? plain(value))).toEqual(values)
      }),
      { numRuns: 400 },
    )
  })

  it('lines are read back with the right places', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.infiniteStream(fc.constantFrom('\n', '\r\n', ' \n\n', '\n  \n')), sizes, async (values, stream, chunkSizes) => {
        fc.pre(values.length > 0)
        let text = ''
        const places: { byte: number; line: number }[] = []
        for (const value of values) {
          places.push({ byte: Buffer.byteLength(text), line: text.split('\n').length })
          text += JSON.stringify(value) + (stream.next().value as string)
        }
        const found = await read(jobFileInChunks(Buffer.from(text), chunkSizes))
        expect(found.map(({ byte, line }) => ({ byte, line }))).toEqual(places)
        expect(found.map(({ value, problem }) => problem ?? plain(value))).toEqual(values)
      }),
      { numRuns: 300 },
    )
  })

  it('a list that is cut off anywhere is never taken for whole', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), sizes, async (values, where, chunkSizes) => {
        const bytes = Buffer.from(JSON.stringify(values))
        const cut = bytes.subarray(0, Math.max(1, Math.floor(bytes.length * where)))
        await expect(read(jobFileInChunks(cut, chunkSizes))).rejects.toMatchObject({ code: 'file_damaged' })
      }),
      { numRuns: 200 },
    )
  })

  it('bytes at random end in records, problems or an error of ours', async () => {
    const soup = fc.string({
      unit: fc.constantFrom(
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '\n',
        ' ',
        '1',
        '.',
        'e',
        '-',
        'u',
        'N',
        'é',
        '\0',
        '{"model":"a.b","fields":{}}',
      ),
      maxLength: 60,
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('[', '{', ''), soup, sizes, async (start, rest, chunkSizes) => {
        const text = start + rest
        const found = await read(jobFileInChunks(Buffer.from(text), chunkSizes)).catch((error: unknown) => error)
        if (!Array.isArray(found)) {
          expect(found).toMatchObject({ code: expect.stringMatching(/^file_(damaged|unsupported)$/) })
          return
        }
        // What was taken without any problem is what JSON.parse says, of the whole or of each line.
        if ((found as FixtureRecord[]).some(({ problem }) => problem !== undefined)) return
        const expected = text.trimStart().startsWith('[')
          ? (JSON.parse(text) as unknown[])
          : text
              .split('\n')
              .filter((line) => line.trim() !== '')
              .map((line) => JSON.parse(line) as unknown)
        expect((found as FixtureRecord[]).map(({ value }) => plain(value))).toEqual(expected)
      }),
      { numRuns: 1500 },
    )
  })
})
