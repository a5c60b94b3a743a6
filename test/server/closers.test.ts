import { Writable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { Closers } from '../../server/logging/closers.ts'
import { createLogger } from '../../server/logging/logger.ts'

describe('closers', () => {
  let lines: Record<string, unknown>[]
  let closers: Closers
  let closed: string[]
  beforeEach(() => {
    lines = []
    closed = []
    const destination = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(JSON.parse(chunk.toString('utf8')) as Record<string, unknown>)
        done()
      },
    })
    closers = new Closers(createLogger({ level: 'info', terminal: false, destination }))
  })
  const add = (name: string, close: () => Promise<void> | void = () => undefined) =>
    closers.add(name, async () => {
      await close()
      closed.push(name)
    })

  it('close in the reverse order, one after the other', async () => {
    const [first, last] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    add('first', async () => await first.promise)
    add('last', async () => await last.promise)
    const done = closers.close(5000)
    expect(closed).toEqual([])
    first.resolve()
    last.resolve()
    await done
    expect(closed).toEqual(['last', 'first'])
  })

  it('each get their turn, whatever happened to the others', async () => {
    add('a')
    closers.add('throws at once', () => {
      throw new Error('broken')
    })
    add('b', async () => await Promise.reject(new Error('broken too')))
    add('c')
    await closers.close(5000)
    expect(closed).toEqual(['c', 'a'])
    expect(lines.map(({ part, msg }) => [part, msg])).toEqual([
      ['b', 'failed to close'],
      ['throws at once', 'failed to close'],
    ])
  })

  it('do not wait longer than the deadline, and name what was left behind', async () => {
    add('a')
    add('never', async () => await new Promise<void>(() => undefined))
    add('b')
    await closers.close(100)
    expect(closed).toEqual(['b', 'a'])
    expect(lines).toMatchObject([{ part: 'never', msg: 'not closed before the deadline' }])
  })

  it('are closed once', async () => {
    add('a')
    await closers.close(1000)
    await closers.close(1000)
    expect(closed).toEqual(['a'])
  })
})

describe('the server log', () => {
  it('has no secrets, by the names of their fields', () => {
    const lines: string[] = []
    const destination = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(chunk.toString('utf8'))
        done()
      },
    })
    const log = createLogger({ level: 'info', terminal: false, destination })
    const canary = 'canary-1763706660'
    log.info({ password: canary, token: canary, cookie: canary, authorization: canary, secret: canary, url: canary }, 'flat')
    log.info({ body: { password: canary, token: canary, secret: canary }, headers: { cookie: canary, authorization: canary } }, 'nested')
    expect(lines).toHaveLength(2)
    expect(lines.join('')).not.toContain(canary)
    log.info({ text: 'a\nb\u001B[31m' }, 'one\nline')
    expect(lines[2]!.trimEnd()).not.toMatch(/[\n\u001B]/)
  })
})
