import type { AccountView, ImportView, MeView, TargetView } from '../../../shared/protocol/views.ts'

export const target: TargetView = {
  id: 'main',
  name: 'Main database',
  url: 'sqlite:main.db',
  dialect: 'sqlite',
  createdAt: '2026-11-21T00:00:00.000Z',
  builtIn: true,
}

export function account(change: Partial<AccountView> = {}): AccountView {
  return {
    id: 'account_1',
    name: 'Berlin shop',
    driver: 'directory',
    address: { folder: 'shop-berlin' },
    secrets: [],
    limits: { concurrency: 4, bytesPerSecond: null, maxBytes: null },
    createdAt: '2026-11-21T00:00:00.000Z',
    ...change,
  }
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

/** An import from 1C that asks a person before it moves prices far. */
export function heldView(): ImportView {
  return importView({
    id: 'commerce_1763706660000_held',
    kind: 'commerce',
    types: ['prices'],
    title: 'offers.xml',
    status: 'queued',
    options: { types: ['prices'], limits: { removed: 10, moved: 5, by: 30 } },
    hold: {
      reason: 'confirm',
      message: '48 of 72 prices would move by more than 30 %.',
      figures: { removed: 0, products: 18, movedFar: 48, prices: 72 },
    },
    progress: { ...importView().progress, percent: 20, step: { name: 'check', index: 1, count: 2 } },
  })
}

/** An import from 1C whose files are still arriving. */
export function receivingView(): ImportView {
  return importView({
    id: 'commerce_1763706660000_receiving',
    kind: 'commerce',
    types: ['catalog', 'prices'],
    title: '1C',
    status: 'queued',
    hold: { reason: 'receiving', message: 'Files are arriving.' },
    progress: { percent: null, done: 34_812_000, total: null, unit: 'bytes', current: 'import_files/a.jpg', rate: 2_400_000, etaMs: null },
  })
}
