import { describe, expect, it } from 'vitest'
import { readRecords } from '../../../server/importers/restore/read/records.ts'
import { ExactNumber } from '../../../server/importers/restore/record.ts'
import type { FixtureRecord } from '../../../server/importers/restore/record.ts'
import { collect, jobFileOf } from './job-file.ts'

/**
 * JSON as RFC 8259 has it, each text as the value of a field. Accepted: it arrives as JSON.parse gives it. Refused: its record has a problem, or the file is
 * damaged; it never arrives as a value. Open: the RFC leaves it to the reader, and the second column is what is done here.
 */
const accepted = [
  // Structure and blanks
  '[]',
  '{}',
  '[ ]',
  '{ }',
  '[\n\t\r ]',
  '[[]]',
  '[{}]',
  '{"":0}',
  '{"a":{}}',
  '[1,2]',
  '[1 , 2]',
  ' 1',
  '1 ',
  '\t[ 1 ]\r\n',
  '[null,true,false]',
  '{"a":[{"b":[]}]}',
  '{"a b":1,"a  b":2}',
  '{"a":1,"b":{"a":1}}',
  '[""]',
  '[[],{},[]]',
  // Literals and numbers
  'true',
  'false',
  'null',
  '0',
  '-0',
  '1',
  '-1',
  '10',
  '123',
  '1.5',
  '-1.5',
  '0.1',
  '1e3',
  '1E3',
  '1e+3',
  '1e-3',
  '0e0',
  '0e+1',
  '0E1',
  '1.5E2',
  '123.456e-3',
  '-0.1e-2',
  '9007199254740991',
  '0.000001',
  // Strings
  '""',
  '"a"',
  '" "',
  '"\\""',
  '"\\\\"',
  '"\\/"',
  '"/"',
  '"\\b\\f\\n\\r\\t"',
  '"\\u0041"',
  '"\\u00e9"',
  '"\\u0000"',
  '"\\u0022"',
  '"\\u005C"',
  '"\\u2028"',
  '"\u2028"',
  '"\u2029"',
  '"\\uD834\\uDD1E"',
  '"\\ud834\\udd1e"',
  '"é"',
  '"Ж"',
  '"€"',
  '"😀"',
  '"\u007f"',
  '"\u0080"',
  '"\uFEFF"',
  '"\uFFFE"',
  '"\u{10FFFF}"',
  '"\u200B\u202E"',
  '"\\\\u0041"',
  '"\\\\\\""',
  '"a\\\\"',
  '"[{]}:,"',
  '"//"',
  '"/* */"',
  '"\\u0012"',
  '"\\uFFFF"',
  '"𝄞\\u0061"',
]

const refused = [
  // Structure
  '',
  ' ',
  '[',
  '{',
  ']',
  '}',
  '[1',
  '[1,',
  '[,1]',
  '[1,,2]',
  '[1,]',
  '[,]',
  '[1 2]',
  '[1}',
  '{"a":1]',
  '{"a"}',
  '{"a":}',
  '{:1}',
  '{"a" 1}',
  '{"a":1 "b":2}',
  '{"a":1,}',
  '{,}',
  '{"a":1,,"b":2}',
  '{a:1}',
  "{'a':1}",
  '{1:1}',
  '{null:1}',
  '{"a"::1}',
  '{"a":1:2}',
  '[]]',
  '{}}',
  '[1],',
  '[1]x',
  '[1:2]',
  '[*]',
  '[#]',
  '[1/**/]',
  '[1]//x',
  '[1]#',
  '1 2',
  '"a" "b"',
  '[a]',
  '<a>',
  '[\\u0020]',
  '[""',
  '["a]',
  '["a"',
  '["a",',
  // Literals
  'True',
  'nul',
  'nulll',
  'tru',
  'fals',
  'NULL',
  'undefined',
  'nan',
  'NaN',
  '-NaN',
  'Infinity',
  '-Infinity',
  '+Infinity',
  'Inf',
  '[NaN]',
  // Numbers
  '+1',
  '01',
  '-01',
  '00',
  '1.',
  '.1',
  '-.1',
  '-',
  '--1',
  '-+1',
  '++1',
  '1+2',
  '1e',
  '1e+',
  '1E-',
  '1.e1',
  '1.5e',
  '.',
  '.e1',
  '0x1',
  '0b1',
  '0o7',
  '1_000',
  '1 000',
  '1,5e',
  '1e5.0',
  '1.2.3',
  '1ee2',
  '-a',
  '1a',
  '１',
  '٣',
  '1٣',
  '- 1',
  '1e 3',
  '0e',
  '2.e+3',
  '-2.',
  // Strings
  '"',
  '"a',
  '"\\"',
  '"\\',
  '"\\x41"',
  '"\\u"',
  '"\\u1"',
  '"\\u12"',
  '"\\u123"',
  '"\\u123g"',
  '"\\u{41}"',
  '"\\a"',
  '"\\0"',
  '"\\\'"',
  '"\\é"',
  '"\n"',
  '"\r"',
  '"\t"',
  '"\0"',
  '"\u0001"',
  '"\u001f"',
  '"\b"',
  "'a'",
  '`a`',
  '“a”',
  '"a\\\n"',
  '\\"a"',
  '"\\uD800\\"',
  // Blanks that are not JSON's
  '\u00a01',
  '[\u00a0]',
  '[\u000c]',
  '[\u000b]',
  '\uFEFF1',
  '[\u2028]',
  '[\u0085]',
  '[\u2060]',
  '\0',
  '[1\0]',
]

const open: [string, 'taken' | 'refused'][] = [
  ['"\\uD800"', 'refused'],
  ['"\\uDC00"', 'refused'],
  ['"\\uD800\\uD800"', 'refused'],
  ['"\\uDC00\\uD800"', 'refused'],
  ['"\\uD800a"', 'refused'],
  ['{"a":1,"\\u0061":2}', 'taken'],
  ['{"a":1,"a":2}', 'taken'],
  ['1e400', 'taken'],
  ['-1e400', 'taken'],
  ['1e-400', 'taken'],
  ['9007199254740993', 'taken'],
  ['123123123123123123123123123123', 'taken'],
  ['0.1234567890123456789012345', 'taken'],
  ['1.0', 'taken'],
  ['"\\uFFFF\\uFDD0"', 'taken'],
  [`${'['.repeat(62)}${']'.repeat(62)}`, 'taken'],
  [`${'['.repeat(63)}${']'.repeat(63)}`, 'refused'],
  [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'refused'],
]

async function readField(text: string, form: 'list' | 'lines'): Promise<FixtureRecord[] | 'damaged'> {
  const first = '{"model":"a.b","pk":1,"fields":{"z":1}}'
  const record = `{"model":"a.b","pk":2,"fields":{"v":${text}}}`
  const content = form === 'list' ? `[${first},${record}]` : `${first}\n${record}\n`
  try {
    return (await collect(readRecords(jobFileOf(content, { chunk: 16 }), { signal: new AbortController().signal }))).flat()
  } catch (error) {
    expect(error).toMatchObject({ code: 'file_damaged' })
    return 'damaged'
  }
}

/** Numbers kept as text, as the doubles that JSON.parse makes of them. */
function asDoubles(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(asDoubles)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asDoubles(item)]))
  return value
}

describe.each(['list', 'lines'] as const)('a field in a %s', (form) => {
  // A line end within a record ends it there.
  const inForm = (text: string) => form === 'list' || !text.includes('\n')

  it.each(accepted.filter(inForm))('is taken: %j', async (text) => {
    const records = await readField(text, form)
    expect(records).toMatchObject([{ value: { pk: 1 } }, { value: { pk: 2 } }])
    expect((records as FixtureRecord[])[1]!.value!.fields.v).toEqual(JSON.parse(text))
  })

  it.each(refused)('is refused: %j', async (text) => {
    // The table itself is held against another reader.
    expect(() => JSON.parse(`{"v":${text}}`) as unknown).toThrow(SyntaxError)
    const records = await readField(text, form)
    if (records === 'damaged') return
    expect(records[0]).toMatchObject({ value: { pk: 1 } })
    expect(records[1]).toMatchObject({ problem: expect.any(String) })
    expect(records.slice(1).every(({ value }) => value === undefined)).toBe(true)
  })

  it.each(open)('is open: %.40j is %s', async (text, decision) => {
    const records = (await readField(text, form)) as FixtureRecord[]
    expect(records).toHaveLength(2)
    if (decision === 'refused') expect(records[1]).toMatchObject({ problem: expect.any(String) })
    else expect(asDoubles(records[1]!.value!.fields.v)).toEqual(JSON.parse(text))
  })
})
