import { expect, it } from 'vitest'
import { LiveRuns } from '../../../server/jobs/live-runs.ts'
import { presentImport } from '../../../server/sessions/present-import.ts'
import { sessionRow } from '../../support/session-row.ts'

it('tells of a run that is queued again what is stored, not how its last attempt ended', () => {
  const ledger = { total: 6, succeeded: 3, failed: 0, skipped: 0, notReached: 3 }
  const progress = { percent: 50, done: 3, total: 6, unit: 'deliveries' as const, rate: null, etaMs: null }
  const live = new LiveRuns()
  live.begin('run', 1, { ...progress, percent: 100, done: 6 }, { ...ledger, failed: 3, notReached: 0 })
  const row = sessionRow({ id: 'run', kind: 'bulk', attempt: 1, progress, ledger })
  const shown = (status: 'queued' | 'running') => presentImport({ ...row, status }, { user: undefined, target: undefined }, live.get('run'))
  expect(shown('queued')).toMatchObject({ progress, ledger })
  expect(shown('running')).toMatchObject({ progress: { done: 6 }, ledger: { failed: 3 } })
})
