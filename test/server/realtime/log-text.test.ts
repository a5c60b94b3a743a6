import { afterAll, beforeAll, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { EventPage } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { Gates } from '../../support/gate.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('the log as text', (start) => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await start()
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  it('streams while the run goes on, ends with it, and holds each event as a line', async () => {
    const gate = gates.make()
    const { import: run } = await api.startScript([
      { log: 'before', stream: 'step one' },
      { until: gate.file },
      { lines: 2500 },
      { log: 'after', level: 'warning' },
    ])
    const response = await fetch(`${app.url}${paths.log(run.id)}?follow=1`, { headers: { cookie: api.cookies.header(paths.log(run.id)) } })
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      // Opened only when the first lines were read: they came while the run waited.
      if (text.includes('before')) gate.open()
    }
    const events = await api.events(run.id)
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(events.length)
    for (const [index, event] of events.entries()) {
      const [seq, at, level, shown] = lines[index]!.split('\t')
      expect([Number(seq), at]).toEqual([event.seq, event.at])
      expect(level!.trim()).toBe(
        `${(event.level ?? 'info').toUpperCase()}${event.stream ? `${event.level === 'warning' ? '' : '   '} [${event.stream}]` : ''}`.trim(),
      )
      expect(shown).toContain(event.type === 'status' ? `status: ${event.status}` : event.message)
    }
    expect((await api.get(paths.log(run.id))).text).toBe(text)
  })

  it('makes one line of one event, whatever it holds', async () => {
    const hostile = [
      'two\nlines',
      'carriage\rreturn',
      '\u001B[2J\u001B[31mred',
      'a\u202Eb\u2066c',
      'tab\there',
      'null\u0000byte',
      '7\t2026-01-01T00:00:00.000Z\tERROR\tforged',
      '\u2028separator',
    ]
    const { import: run } = await api.startScript(hostile.map((log) => ({ log, stream: log })))
    await api.ended(run.id)
    const { text } = await api.get(paths.log(run.id))
    const events = await api.events(run.id)
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(events.length)
    expect(lines.map((line) => Number(line.split('\t')[0]))).toEqual(events.map(({ seq }) => seq))
    expect(text).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/)
  })

  it('is offered as a file when it is not followed', async () => {
    const { import: run } = await api.startScript([{ log: 'file' }])
    await api.ended(run.id)
    expect((await api.get(paths.log(run.id))).headers.get('content-disposition')).toBe(`attachment; filename="${run.id}.log"`)
  })

  it('as events is filtered by level, stream and text, and refuses odd questions', async () => {
    const { import: run } = await api.startScript([
      { log: 'Wrote the Table Цены', level: 'info', stream: 'prices' },
      { log: 'a row was odd', level: 'warning', stream: 'prices' },
      { log: 'it broke', level: 'error' },
    ])
    await api.ended(run.id)
    const ask = async (query: string) => (await api.get<EventPage>(`${paths.events(run.id)}?${query}`)).body.events?.map(({ message }) => message)
    expect(await ask('level=warning,error')).toEqual(['a row was odd', 'it broke'])
    expect(await ask('stream=prices')).toEqual(['Wrote the Table Цены', 'a row was odd'])
    expect(await ask('q=table')).toEqual(['Wrote the Table Цены'])
    expect(await ask(`q=${encodeURIComponent('Цены')}`)).toEqual(['Wrote the Table Цены'])
    expect(await ask('q=%25')).toEqual([])
    for (const odd of ['after=-1', 'after=x', 'limit=0', 'limit=1001', 'level=loud', `q=${'x'.repeat(201)}`, 'after=1&after=2']) {
      const answer = await api.get<{ error: { code: string } }>(`${paths.events(run.id)}?${odd}`)
      expect({ odd, status: answer.status }).toEqual({ odd, status: 400 })
    }
  })
})
