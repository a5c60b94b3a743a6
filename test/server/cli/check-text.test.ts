import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chainEvents, chainStart } from '../../../server/realtime/event-chain.ts'
import { logLine } from '../../../server/sessions/log-text.ts'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import { CommandLine } from './command-line.ts'

const events: StoredEvent[] = [1, 2, 3].map((seq) => ({ seq, at: '2026-11-21T10:00:00.000Z', type: 'log', level: 'info', message: `line ${seq}` }))
const text = events.map(logLine).join('')

/** A server whose answers are what a test says: one that keeps its text log apart from its events. */
describe('check-logs, where the text log is not made of the events', () => {
  const answers = { text, status: 'succeeded', lastSeq: 3, logChecksum: chainEvents(chainStart, events) }
  let server: Server
  let said = answers

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname
      if (path.endsWith('/events')) response.end(JSON.stringify({ events, lastSeq: 3, more: false }))
      else if (path.endsWith('/log')) response.end(said.text)
      else response.end(JSON.stringify({ import: { status: said.status, lastSeq: said.lastSeq, logChecksum: said.logChecksum } }))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  afterAll(() => server.close())

  const check = async (change: Partial<typeof answers>) => {
    said = { ...answers, ...change }
    const { port } = server.address() as AddressInfo
    const { code, out } = await new CommandLine(['check-logs', 'x', '--json', '--token', 't', '--url', `http://127.0.0.1:${port}`]).done
    return { code, problems: (JSON.parse(out) as { problems: string[] }).problems }
  }

  it('finds nothing where all agree', async () => {
    expect(await check({})).toEqual({ code: 0, problems: [] })
    expect(await check({ text: text.trimEnd() })).toEqual({ code: 0, problems: [] })
  })

  it.each<[string, Partial<typeof answers>, string]>([
    ['a line is another', { text: text.replace('line 2', 'line 9') }, 'Line 2 of the text log is not event 2.'],
    ['a line is missing', { text: events.slice(0, 2).map(logLine).join('') }, 'Line 3 of the text log is not event 3.'],
    ['there are more lines', { text: `${text}4\tmore\n` }, 'The text log has lines beyond event 3.'],
    [
      'the checksum is another',
      { logChecksum: chainStart },
      `The checksum of the events is ${chainEvents(chainStart, events)}; the import ended with ${chainStart}.`,
    ],
    ['fewer events are said', { lastSeq: 2 }, 'The import ended with event 2, and 3 came.'],
    ['more events are said', { lastSeq: 4 }, 'The import says that event 4 is there; the last that came is 3.'],
  ])('finds that %s', async (_, change, problem) => {
    expect(await check(change)).toEqual({ code: 1, problems: [problem] })
  })

  it('lets a run that goes on be ahead or behind in its text', async () => {
    expect(await check({ status: 'running', text: events.slice(0, 2).map(logLine).join('') })).toEqual({ code: 0, problems: [] })
    expect(await check({ status: 'running', text: `${text}4\tmore\n`, lastSeq: 2, logChecksum: '' })).toEqual({ code: 0, problems: [] })
  })
})
