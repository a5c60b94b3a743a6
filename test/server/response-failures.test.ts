import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Koa from 'koa'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { State } from '../../server/http/context.ts'
import { responseFailures } from '../../server/http/response-failures.ts'
import { eventually } from '../support/eventually.ts'

type Line = { level: number; msg: string; code?: string }

describe('an answer that breaks off', () => {
  const lines: Line[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) })
  const app = new Koa<State>()
  const failures = responseFailures(log)
  let source: Readable
  app.on('error', (error: unknown, ctx: Koa.Context) => failures.log(error, ctx))
  app.use(failures.note)
  app.use((ctx) => {
    ctx.body = source
  })
  const server = app.listen(0, '127.0.0.1')
  beforeAll(async () => await (server.listening || once(server, 'listening')))
  afterAll(() => void server.close())

  /** Asks for what comes from a source that has begun, and has the first of it. */
  const begun = async (): Promise<IncomingMessage> => {
    lines.length = 0
    source = new Readable({ read: () => undefined })
    source.push('begun')
    const asked = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false })
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.on('error', () => undefined)
    await once(answer, 'data')
    return answer
  }

  it.each(['closes its connection', 'resets it'])('because the client %s is no failure', async (how) => {
    const { socket } = await begun()
    if (how === 'resets it') socket.resetAndDestroy()
    else socket.destroy()
    await eventually(() => expect(lines.at(-1)?.code).toBe('ERR_STREAM_PREMATURE_CLOSE'))
    expect(new Set(lines.map(({ level, msg }) => `${level} ${msg}`))).toEqual(new Set(['20 the client left before the end of its answer']))
    expect(source.destroyed).toBe(true)
  })

  it.each([undefined, new Error('the disk is gone'), Object.assign(new Error('the store is gone'), { code: 'ECONNRESET' })])(
    'because what it is read from ended too early is one (%s)',
    async (reason) => {
      await begun()
      source.destroy(reason)
      await eventually(() => expect(lines).not.toEqual([]))
      expect(new Set(lines.map(({ level, msg }) => `${level} ${msg}`))).toEqual(new Set(['40 response failed']))
    },
  )
})
