import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../shared/protocol/paths.ts'
import type { ApiClient, Answer } from '../support/api-client.ts'
import { countInMemory, createRateLimits } from '../../server/http/middleware/rate-limits.ts'
import { startApp } from '../support/start-app.ts'
import type { TestApp } from '../support/start-app.ts'

describe('what one user may do how often', () => {
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await startApp()
    api = await app.admin()
  })
  afterAll(async () => await app.close())

  /** So many at most in five minutes, whatever becomes of each. */
  const expectLimit = async (most: number, ask: () => Promise<Answer>) => {
    const statuses = new Set<number>()
    for (let count = 0; count < most; count += 1) statuses.add((await ask()).status)
    expect([...statuses]).not.toContain(429)
    const { status, headers, body } = await ask()
    expect({ status, body }).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } })
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(200)
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(300)
  }

  it('is 1,000 starts in five minutes', async () => {
    await expectLimit(1_000, async () => await api.request('POST', paths.imports, { json: {} }))
  })

  it('is 1,000 watch tokens in five minutes', async () => {
    await expectLimit(1_000, async () => await api.request('POST', paths.watchTokens('no-such-import')))
  })
})

describe('sockets that are refused', () => {
  it('are 3,000 from one address in five minutes; another address is not concerned', async () => {
    const { socket } = createRateLimits(countInMemory)
    for (let count = 0; count < 3_000; count += 1) {
      await socket.check('192.0.2.1')
      await socket.refused('192.0.2.1')
    }
    await expect(socket.check('192.0.2.1')).rejects.toMatchObject({ code: 'rate_limited' })
    await socket.refused('192.0.2.1')
    await socket.check('192.0.2.2')
  })
})
