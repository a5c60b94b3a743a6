import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import { TargetTroubles } from '../../../server/jobs/target-troubles.ts'
import type { ThreadOutcome } from '../../../server/jobs/thread-protocol.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { Gates } from '../../support/gate.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('a run whose target goes away', (start) => {
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
  const resuming = async (importId: string) => await expect.poll(async () => (await api.import(importId)).status).toBe('resuming')

  it('goes on after a pause, and says so', async () => {
    const away = gates.make()
    away.open()
    const { import: run } = await api.startScript([{ log: 'begun' }, { awayWhile: away.file, once: true }])
    expect(await api.ended(run.id)).toMatchObject({ status: 'succeeded', attempt: 2 })
    const said = (await api.events(run.id)).filter(({ status }) => status === 'resuming').map(({ message }) => message)
    expect(said).toEqual(['The target is away. The run goes on in 1 s.'])
  })

  it('can be cancelled in the pause', async () => {
    const away = gates.make()
    away.open()
    const { import: run } = await api.startScript([{ awayWhile: away.file }])
    await resuming(run.id)
    expect((await api.request('POST', paths.cancel(run.id))).status).toBe(200)
    expect((await api.ended(run.id)).status).toBe('cancelled')
  })
})

describe('what is done about a target that is away', () => {
  const failed = (code: 'target_unreachable' | 'target_locked' | 'value_invalid', succeeded = 0): ThreadOutcome => ({
    status: 'failed',
    ledger: { total: 9, succeeded, failed: 0, skipped: 0, notReached: 9 - succeeded },
    error: { code, message: 'No.' },
  })
  const pauses = (troubles: TargetTroubles, outcomes: ThreadOutcome[], firstAttempt = 1) =>
    outcomes.map((outcome, index) => troubles.of('run', outcome, firstAttempt + index)?.pauseMs ?? null)

  it('is a longer pause each time, and an end after three', () => {
    const often = Array.from({ length: 4 }, () => failed('target_unreachable'))
    expect(pauses(new TargetTroubles(), often)).toEqual([1000, 4000, 15_000, null])
  })

  it('begins anew when more went in', () => {
    const outcomes = [0, 0, 5, 5, 5, 4, 9].map((succeeded) => failed('target_locked', succeeded))
    expect(pauses(new TargetTroubles(), outcomes)).toEqual([1000, 4000, 1000, 4000, 15_000, null, 1000])
  })

  it('waits for longer when a lost attempt may hold the lock', () => {
    const often = Array.from({ length: 6 }, () => failed('target_locked'))
    expect(pauses(new TargetTroubles(), often, 2)).toEqual([1000, 4000, 15_000, 15_000, 15_000, 15_000])
  })

  it('is nothing for any other reason, and for a run that was over', () => {
    const troubles = new TargetTroubles()
    expect(pauses(troubles, [failed('value_invalid'), failed('target_unreachable')])).toEqual([null, 1000])
    troubles.forget('run')
    expect(pauses(troubles, [failed('target_unreachable')])).toEqual([1000])
  })
})
