import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { paths } from '../../shared/protocol/paths.ts'
import { isFinal } from '../../shared/session-status.ts'
import type { ApiClient } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { hasLibfiu, LyingDisk } from '../support/lying-disk.ts'
import { ServerProcess } from '../support/server-process.ts'
import { logFaults } from './log-faults.ts'
import { sqliteTargets } from './restore/fault-target.ts'
import type { Content, FaultTarget, FaultTargets } from './restore/fault-target.ts'
import { libraryFixture } from './restore/library-fixture.ts'

const records = 3_000
/** Of all writes and syncs. */
const often = 0.01
const modes = ['all_or_nothing', 'keep_going', 'all_or_nothing', 'keep_going'] as const
type Mode = (typeof modes)[number]

describe.skipIf(!hasLibfiu)('a disk that loses writes, cuts them short and fails to sync', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'intake-lying-'))
  const disk = new LyingDisk(folder)
  let targets: FaultTargets
  let server: ServerProcess
  let api: ApiClient
  beforeAll(async () => {
    targets = await sqliteTargets()
    server = await ServerProcess.start({ DATA_DIR: path.join(folder, 'data'), LEASE_SECONDS: '2', ...targets.env, ...disk.env })
    api = await server.admin()
  })
  afterAll(async () => {
    await server?.kill('SIGKILL')
    await targets?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Asks for a restore into a target of its own. */
  const ask = async (mode: Mode) => {
    const target = await targets.create()
    const before = await target.content()
    const { body } = await api.request<{ target: { id: string } }>('POST', paths.targets, { json: { name: target.url, url: target.url } })
    const file = libraryFixture(records, { bad: mode === 'keep_going' })
    return { target, before, mode, answer: await api.start(file, { name: 'library.json', target: body.target.id, options: { mode } }) }
  }
  const begin = async (mode: Mode) => {
    const { answer, ...rest } = await ask(mode)
    expect(answer.status).toBe(201)
    return { importId: answer.body.import.id, ...rest }
  }
  const ended = async (importId: string) => {
    const view = await api.ended(importId)
    expect(logFaults(await api.events(importId), view.lastSeq, view.logChecksum)).toEqual([])
    return view
  }
  const expectSound = async (target: FaultTarget, content: Content) => {
    expect(await target.faults()).toEqual([])
    expect((await target.content()).hash).toBe(content.hash)
    await eventually(async () => expect(await target.hasCheckpoint()).toBe(false))
  }

  it('no upload is accepted that is not on the disk', async () => {
    await disk.fail(server.pid, 'datasync', 1)
    const { answer } = await ask('all_or_nothing')
    await disk.heal(server.pid)
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } })
    expect((await api.get<{ total: number }>('/api/imports')).body.total).toBe(0)
  })

  it('a restore ends as if nothing had happened, or fails and leaves its target as it may', async () => {
    const undisturbed = new Map<Mode, Content>()
    for (const mode of modes.slice(0, 2)) {
      const { importId, target } = await begin(mode)
      await ended(importId)
      undisturbed.set(mode, await target.content())
    }
    const runs = await Promise.all(modes.map(begin))
    for (const call of ['write', 'shortWrite', 'sync', 'datasync'] as const) await disk.fail(server.pid, call, often)
    // Runs that were hit wait for 1, 4 and 15 seconds before they go on.
    const untilHit = async (): Promise<void> => {
      const views = await Promise.all(runs.map(async ({ importId }) => await api.import(importId).catch(() => null)))
      const hit = server.said.includes('attempt given up') || views.some((view) => view !== null && isFinal(view.status))
      expect(hit).toBe(true)
    }
    await vi.waitFor(untilHit, { timeout: 90_000, interval: 25 })
    await disk.heal(server.pid)
    for (const { importId, mode, target, before } of runs) {
      const view = await ended(importId)
      if (view.status !== 'failed') await expectSound(target, undisturbed.get(mode)!)
      else {
        expect(['target_unreachable', 'storage_full', 'unavailable']).toContain(view.error?.code)
        if (mode === 'all_or_nothing') await expectSound(target, before)
        expect((await api.request('POST', paths.retry(importId), { json: { only: 'all' } })).status).toBe(200)
        expect((await api.ended(importId)).status).not.toBe('failed')
        await expectSound(target, undisturbed.get(mode)!)
      }
    }
    await server.kill('SIGTERM')
    const database = new Sqlite(path.join(folder, 'data', 'intake.db'))
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
    database.close()
  })
})
