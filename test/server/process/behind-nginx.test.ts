import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tools } from '../../../scripts/testing/machine.ts'
import { loginCookie, paths } from '../../../shared/protocol/paths.ts'
import { ApiClient } from '../../support/api-client.ts'
import { Gates } from '../../support/gate.ts'
import { hasPostgres, startPostgres } from '../../support/postgres.ts'
import type { TestPostgres } from '../../support/postgres.ts'
import { freshPrefix, hasSharedRedis, useRedis } from '../../support/redis.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { adminLogin, adminPassword } from '../../support/start-app.ts'
import { handshake, openSocket, Watcher } from '../../support/watcher.ts'
import { startNginx } from './nginx.ts'
import type { Nginx } from './nginx.ts'

const main = path.join(import.meta.dirname, '..', '..', 'faults', 'watch', 'scripted-server.ts')

// Without nginx, PostgreSQL or Redis these are named as skipped.
describe.skipIf(tools.nginx.find() === null || !hasPostgres || !hasSharedRedis)('two processes behind nginx, as the documentation has it', () => {
  const gates = new Gates()
  let folder: string
  let postgres: TestPostgres
  let redis: Awaited<ReturnType<typeof useRedis>>
  let servers: [ServerProcess, ServerProcess]
  let worker: ServerProcess
  let nginx: Nginx
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'intake-behind-'))
    postgres = (await startPostgres())!
    redis = await useRedis()
    const env = {
      DATA_DIR: folder,
      DATABASE_URL: await postgres.createDatabase('behind'),
      REDIS_URL: redis.url,
      REDIS_PREFIX: freshPrefix(),
      SECRET_KEY: 'a key that all of them share',
      TRUST_PROXY: 'true',
    }
    servers = [await ServerProcess.start(env, { main, role: 'serve' }), await ServerProcess.start(env, { main, role: 'serve' })]
    worker = await ServerProcess.start(env, { main, role: 'work' })
    nginx = await startNginx([servers[0].url, servers[1].url])
  })
  afterAll(async () => {
    await nginx?.stop()
    for (const server of [...(servers ?? []), worker]) await server?.kill()
    await redis?.stop()
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
    gates.remove()
  })

  const login = async (): Promise<ApiClient> => await new ApiClient(nginx.url).login(adminLogin, adminPassword)
  const cookieOf = (api: ApiClient): string => `${loginCookie}=${api.cookies.value(loginCookie)}`

  it('carries a run from its upload to its end, to watchers that poll and to those with a WebSocket, by token and by cookie', async () => {
    const api = await login()
    const gate = gates.make()
    const run = await api.startScript([{ log: 'begin' }, { until: gate.file }, { lines: 500 }])
    const token = { token: run.watch.token }
    const headers = { origin: nginx.url }
    const watchers = [
      new Watcher(nginx.url, run.import.id, { ...token, transports: ['websocket'], headers }),
      new Watcher(nginx.url, run.import.id, { ...token, transports: ['polling'], headers }),
      new Watcher(nginx.url, run.import.id, { ...token, transports: ['polling', 'websocket'] }),
      new Watcher(nginx.url, run.import.id, { cookie: cookieOf(api), transports: ['polling'] }),
    ]
    await Promise.all(watchers.map(async (one) => await one.until(({ events }) => events.some(({ message }) => message === 'begin'))))
    gate.open()
    await Promise.all(watchers.map(async (one) => await one.untilEnd()))
    const stored = await api.events(run.import.id)
    for (const watcher of watchers) expect(watcher.events).toEqual(stored)
    for (const watcher of watchers) watcher.close()
  })

  it('lets every one of many polling sockets through, whichever process its cookie leads to', async () => {
    const logins = await Promise.all(Array.from({ length: 8 }, login))
    const sockets = logins.map((api) => openSocket(nginx.url, { cookie: cookieOf(api), transports: ['polling'] }))
    expect(await Promise.all(sockets.map(handshake))).toEqual(sockets.map(() => null))
    for (const socket of sockets) socket.disconnect()
  })

  it('takes an upload that is larger than nginx would by itself', async () => {
    const api = await login()
    const { status, text } = await api.start(JSON.stringify([{ log: 'x'.repeat(3 * 1024 * 1024) }]), { kind: 'table', name: 'large.json' })
    expect(status, text).toBe(201)
  })

  it('keeps the figures inside', async () => {
    for (const inside of ['/healthz', '/readyz', '/metrics']) expect((await fetch(nginx.url + inside)).status).toBe(404)
  })

  it('goes on with the other process when one is gone', async () => {
    const api = await login()
    await servers[0].kill('SIGTERM')
    for (let request = 0; request < 4; request++) expect((await api.get(paths.me)).status).toBe(200)
    expect((await (await login()).get(paths.me)).status).toBe(200)
    await servers[0].begin()
  })
})
