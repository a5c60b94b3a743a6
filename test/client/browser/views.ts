import type { ImportView, MeView, TargetView } from '../../../shared/protocol/views.ts'

export const target: TargetView = {
  id: 'main',
  name: 'Main database',
  url: 'sqlite:main.db',
  dialect: 'sqlite',
  createdAt: '2026-11-21T00:00:00.000Z',
  builtIn: true,
}

export const me: MeView = {
  user: { id: 'user_1', login: 'admin', name: 'Administrator', role: 'superuser', disabled: false, createdAt: '2026-11-21T00:00:00.000Z' },
  expiresAt: '2126-11-21T00:00:00.000Z',
  absoluteExpiresAt: '2126-11-21T00:00:00.000Z',
}

export function importView(change: Partial<ImportView> = {}): ImportView {
  return {
    id: 'restore_1763706660000_test',
    kind: 'restore',
    title: 'backup.json',
    status: 'running',
    stalled: false,
    target: { id: 'main', name: 'Main database' },
    user: { id: 'user_1', name: 'Administrator' },
    requestId: 'request-1',
    files: [{ name: 'backup.json', size: 2048, sha256: 'a'.repeat(64) }],
    options: { mode: 'keep_going' },
    progress: {
      percent: 42.5,
      done: 425,
      total: 1000,
      unit: 'records',
      step: { name: 'library.book', index: 2, count: 3 },
      current: 'library.book pk=7',
      rate: 250,
      etaMs: 65_000,
    },
    ledger: { total: 1000, succeeded: 400, failed: 20, skipped: 5, notReached: 575 },
    attempt: 1,
    lastSeq: 0,
    createdAt: '2026-11-21T10:00:00.000Z',
    startedAt: '2026-11-21T10:00:01.000Z',
    ...change,
  }
}
