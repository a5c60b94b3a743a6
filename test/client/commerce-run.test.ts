import { describe, expect, it } from 'vitest'
import { findEntityReport, sumOf } from '../../client/commerce/entity-report.ts'
import { runSteps } from '../../client/commerce/run-steps.ts'
import { typesOf } from '../../client/commerce/types.ts'
import { runState } from '../../client/status-look.ts'
import type { Hold, ImportView, StoredEvent } from '../../shared/protocol/views.ts'
import { importView } from './browser/views.ts'

const step = (name: string): Partial<ImportView> => ({ progress: { ...importView().progress, step: { name, index: 1, count: 3 } } })
const run = (change: Partial<ImportView>): ImportView => importView({ kind: 'commerce', types: ['stocks', 'catalog'], ...change })
const states = (view: ImportView): string[] => runSteps(view).map(({ name, state }) => `${name} ${state}`)
const confirm: Hold = { reason: 'confirm', message: 'Is that meant?' }

describe('the steps of an import from 1C', () => {
  it('come in the order in which they are done, whatever was chosen first', () => {
    expect(states(run(step('catalog')))).toEqual(['check done', 'catalog running', 'stocks todo'])
  })

  it.each([
    { name: 'all are to do while it waits for its turn', change: { status: 'queued', ...step('check') }, expected: ['todo', 'todo', 'todo'] },
    {
      name: 'all are to do while files arrive',
      change: { status: 'queued', hold: { ...confirm, reason: 'receiving' } },
      expected: ['todo', 'todo', 'todo'],
    },
    { name: 'the check waits for a person', change: { status: 'queued', hold: confirm, ...step('check') }, expected: ['confirm', 'todo', 'todo'] },
    { name: 'one is resumed', change: { status: 'resuming', ...step('stocks') }, expected: ['done', 'done', 'resuming'] },
    { name: 'one stalls', change: { stalled: true, ...step('catalog') }, expected: ['done', 'stalled', 'todo'] },
    { name: 'one is where it failed', change: { status: 'failed', ...step('catalog') }, expected: ['done', 'failed', 'todo'] },
    { name: 'all are done at the end', change: { status: 'partly_failed' }, expected: ['done', 'done', 'done'] },
  ] as { name: string; change: Partial<ImportView>; expected: string[] }[])('$name', ({ change, expected }) => {
    expect(runSteps(run(change)).map(({ state }) => state)).toEqual(expected)
  })

  it('are none in an import of another kind', () => {
    expect(runSteps(importView({ types: ['catalog'] }))).toEqual([])
  })

  it('leave out a type that this page does not know', () => {
    expect(typesOf({ kind: 'commerce', types: ['prices', 'orders'] })).toEqual(['prices'])
  })
})

describe('the state that is told of a run', () => {
  it('is what it waits for while it is queued, and no longer', () => {
    expect(runState(run({ status: 'queued', hold: confirm }))).toBe('confirm')
    expect(runState(run({ status: 'running', hold: confirm }))).toBe('running')
    expect(runState(run({ status: 'failed', stalled: true }))).toBe('failed')
  })
})

describe('the report of an import from 1C', () => {
  const event = (seq: number, rest: Partial<StoredEvent>): StoredEvent => ({ seq, at: '', type: 'log', ...rest })
  const counts = { created: 3, changed: 1, unchanged: 5, deleted: 2 }
  const report = {
    types: ['catalog'],
    entities: { offers: counts, novelties: counts, products: { ...counts, created: 9 } },
    rejected: { product: 4, offer: 1 },
  }
  const log = [event(1, { data: counts, stream: 'products' }), event(2, { data: report }), event(3, { type: 'status', status: 'succeeded' })]
  const line = (seq: number): StoredEvent | undefined => log[seq - 1]

  it('is found in the last words of its log, with rejected records beside the rows that they would have been', () => {
    const rows = findEntityReport(line, 3)
    expect(rows).toEqual([
      { entity: 'products', ...counts, created: 9, rejected: 4 },
      { entity: 'offers', ...counts, rejected: 1 },
      { entity: 'novelties', ...counts, rejected: 0 },
    ])
    expect(sumOf(rows ?? [])).toEqual({ created: 15, changed: 3, unchanged: 15, deleted: 6, rejected: 5 })
  })

  it('is not that of an attempt before', () => {
    const again = [...log, event(4, { type: 'status', status: 'queued' }), event(5, { type: 'status', status: 'failed' })]
    expect(findEntityReport((seq) => again[seq - 1], 5)).toBeNull()
  })

  it('is none while there is none, or the lines are not here', () => {
    expect(findEntityReport(line, 1)).toBeNull()
    expect(findEntityReport(() => undefined, 100)).toBeNull()
  })
})
