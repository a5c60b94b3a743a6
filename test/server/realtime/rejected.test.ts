import { afterAll, beforeAll, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { RejectedRecord } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('the rejected records', (start) => {
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await start()
    api = await app.admin()
  })
  afterAll(async () => await app.close())

  const rejectedBy = async (script: Parameters<ApiClient['startScript']>[0]) => {
    const { import: run } = await api.startScript([...script, { end: 'partly_failed' }])
    expect((await api.ended(run.id)).status).toBe('partly_failed')
    const ndjson = await api.get(paths.rejected(run.id))
    const csv = await api.get(`${paths.rejected(run.id)}?format=csv`)
    return {
      run,
      ndjson,
      csv,
      records: ndjson.text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as RejectedRecord),
    }
  }

  it('come in the order of the file, all of them, however many', async () => {
    const numbers = Array.from({ length: 1203 }, (_, index) => ((index * 7) % 1203) + 1)
    const { records, ndjson, csv, run } = await rejectedBy(numbers.map((reject) => ({ reject })))
    expect(records.map(({ record }) => record)).toEqual(Array.from({ length: 1203 }, (_, index) => index + 1))
    expect(records[0]).toEqual({ file: 'script.json', record: 1, byte: 0, code: 'value_invalid', reason: 'refused', content: '{}' })
    expect(ndjson.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(ndjson.headers.get('content-disposition')).toBe(`attachment; filename="${run.id}-rejected.ndjson"`)
    expect(csv.text.trimEnd().split('\r\n')).toHaveLength(1204)
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  })

  it('said twice are one, the later', async () => {
    const { records } = await rejectedBy([{ reject: 5, reason: 'first' }, { lines: 300 }, { reject: 5, reason: 'second' }])
    expect(records.map(({ record, reason }) => [record, reason])).toEqual([[5, 'second']])
  })

  it('in a CSV can not become formulas, and keep quotes, commas and lines', async () => {
    const reasons = ['=cmd|x', '+1+1', '-2', '@SUM(A1)', '\tx', '\rx', 'say "no", twice', 'two\nlines', 'plain']
    const { csv } = await rejectedBy(reasons.map((reason, index) => ({ reject: index + 1, reason, content: `{"a":"${index}"}` })))
    const rows = parseCsv(csv.text)
    expect(rows[0]).toEqual(['file', 'record', 'byte', 'line', 'model', 'key', 'code', 'reason', 'content'])
    expect(rows.slice(1).map((row) => row[7])).toEqual([
      "'=cmd|x",
      "'+1+1",
      "'-2",
      "'@SUM(A1)",
      "'\tx",
      "'\rx",
      'say "no", twice',
      'two\nlines',
      'plain',
    ])
    expect(rows.slice(1).map((row) => row[1])).toEqual(reasons.map((_, index) => String(index + 1)))
    expect(rows[1]![8]).toBe('{"a":"0"}')
  })

  it('keep texts that databases do not like', async () => {
    const { records } = await rejectedBy([{ reject: 1, reason: 'a\u0000b\uD83D', content: '{"written":"\\u0000"}' }])
    expect(records[0]).toMatchObject({ reason: 'a\uFFFDb\uFFFD', content: '{"written":"\\u0000"}' })
  })

  it('are none for a run that rejected nothing', async () => {
    const { import: run } = await api.startScript([{ log: 'fine' }])
    await api.ended(run.id)
    expect((await api.get(paths.rejected(run.id))).text).toBe('')
    expect((await api.get(`${paths.rejected(run.id)}?format=csv`)).text.trimEnd().split('\r\n')).toHaveLength(1)
  })
})

/** Cells of a CSV text by RFC 4180. */
function parseCsv(text: string): string[][] {
  const cells = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n|$)/g
  const rows: string[][] = [[]]
  for (const [whole, quoted, bare, end] of text.matchAll(cells)) {
    if (whole === '') break
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? bare ?? '')
    if (end === '\r\n') rows.push([])
  }
  return rows.filter((row) => row.length > 1)
}
