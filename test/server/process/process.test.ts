import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import { ApiClient } from '../../support/api-client.ts'
import { ServerProcess } from '../../support/server-process.ts'

describe('the server as a process', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'intake-process-'))
  })
  afterAll(async () => await rm(folder, { recursive: true, force: true }))

  it('makes an administrator at its first start, and shows the password this once', async () => {
    const dataDir = path.join(folder, 'deep', 'and', 'new')
    const server = await ServerProcess.start({ DATA_DIR: dataDir, ADMIN_PASSWORD: '', SECRET_KEY: 'a key of my own choice' })
    try {
      const first = await server.kill('SIGTERM')
      expect(first.code).toBe(0)
      const [, password] = /password {2}(\S{20})\n/.exec(first.stdout) ?? []
      expect(first.stdout).toContain(`listening on ${server.url}`)
      expect(first.stderr).not.toContain(password)
      await server.begin()
      await new ApiClient(server.url).login('admin', password!)
      const second = await server.kill('SIGTERM')
      expect(second.stdout).not.toContain('password')
    } finally {
      await server.close()
    }
  })

  it('lets nobody else read its data', async () => {
    const server = await ServerProcess.start({ DATA_DIR: path.join(folder, 'modes') })
    try {
      expect((await stat(server.dataDir)).mode & 0o777).toBe(0o700)
      expect((await stat(path.join(server.dataDir, 'secret.key'))).mode & 0o777).toBe(0o600)
      expect((await stat(path.join(server.dataDir, 'uploads'))).mode & 0o777).toBe(0o700)
    } finally {
      await server.close()
    }
  })

  it('refuses to work on data that another process works on, with a sentence', async () => {
    const server = await ServerProcess.start({ DATA_DIR: path.join(folder, 'shared') })
    try {
      const second = await ServerProcess.startAndEnd({ DATA_DIR: server.dataDir })
      expect(second.code).toBe(1)
      expect(second.stderr).toMatch(/^Intake can't start: Another Intake process already works on this data folder or database\./)
      expect(second.stderr.trimEnd().split('\n')).toHaveLength(1)
      expect((await (await server.admin()).get(paths.me)).status).toBe(200)
      // Killed, it holds nothing any more.
      await server.kill('SIGKILL')
      await server.begin()
    } finally {
      await server.close()
    }
  })

  it('names a setting that is wrong, and ends', async () => {
    const exit = await ServerProcess.startAndEnd({ DATA_DIR: path.join(folder, 'wrong'), LOG_LEVEL: 'shouting-loud' })
    expect(exit.code).toBe(1)
    expect(exit.stderr).toMatch(/^Intake can't start: Some settings can't be used\. LOG_LEVEL: /)
    expect(exit.stderr).not.toContain('shouting')
  })

  it('says so when its port is taken, and lets go of its data', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const port = String((other.address() as AddressInfo).port)
    const dataDir = path.join(folder, 'port')
    const exit = await ServerProcess.startAndEnd({ DATA_DIR: dataDir, PORT: port })
    expect(exit.code).toBe(1)
    expect(exit.stderr).toMatch(/^Intake can't start: HOST and PORT can’t be listened on /)
    expect(exit.stderr).toContain(port)
    // Nor does anything that speaks PostgreSQL answer there.
    other.close()
    const away = await ServerProcess.startAndEnd({ DATA_DIR: dataDir, DATABASE_URL: `postgresql://intake:hunter2@127.0.0.1:${port}/intake` })
    expect(away.stderr).toMatch(/^Intake can't start: The app database can’t be reached \(.*\)\. Look at DATABASE_URL\.$/m)
    expect(away.stderr).not.toContain('hunter2')
    await (await ServerProcess.start({ DATA_DIR: dataDir })).close()
  })

  it('ends at once on either signal when nothing runs, with people watching', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await ServerProcess.start({ DATA_DIR: path.join(folder, signal), SHUTDOWN_SECONDS: '600' })
      const api = await server.admin()
      const { body } = await api.start('[]', { name: 'empty.json' })
      const following = api.get(`${paths.log(body.import.id)}?follow=1`).catch(() => null)
      const exit = await server.kill(signal)
      expect({ signal, code: exit.code }).toEqual({ signal, code: 0 })
      await following
      await server.close()
    }
  })

  it('writes lines of JSON about what happens, and no password or token', async () => {
    const server = await ServerProcess.start({ DATA_DIR: path.join(folder, 'lines') })
    const api = await server.admin()
    await api.get(paths.me, { 'X-Request-Id': 'request-to-be-found' })
    const { stderr } = await server.kill('SIGTERM')
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.find(({ requestId }) => requestId === 'request-to-be-found')).toMatchObject({ method: 'GET', path: '/api/me', status: 200 })
    expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['stopping', 'stopped']))
    expect(stderr).not.toContain('correct horse battery')
    expect(stderr).not.toContain(api.cookies.value('intake_login'))
    await server.close()
  })
})
