import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { HistoryQuery } from '../../shared/schemas/requests.ts'
import { sessionStatuses } from '../../shared/session-status.ts'
import type { SessionStatus } from '../../shared/session-status.ts'
import type { ImportKind } from '../../shared/protocol/views.ts'

export type HistoryFilters = {
  q: string
  kind: ImportKind | ''
  status: SessionStatus[]
  target: string
  user: string
  from: string
  to: string
  sort: HistoryQuery['sort']
  page: number
}

const kinds: readonly ImportKind[] = ['restore', 'commerce', 'bulk', 'table']
const sorts: readonly HistoryQuery['sort'][] = [
  '-createdAt',
  'createdAt',
  '-endedAt',
  'endedAt',
  'title',
  '-title',
  'status',
  '-status',
  'kind',
  '-kind',
]
const none: HistoryFilters = { q: '', kind: '', status: [], target: '', user: '', from: '', to: '', sort: '-createdAt', page: 1 }
export const historyPageSize = 25

/** The filters of the history. The address holds them, so that a list can be sent to someone, and the way back leads to it. */
export function useHistoryFilters() {
  const route = useRoute()
  const router = useRouter()

  const filters = computed<HistoryFilters>(() => {
    const text = (name: string): string => (typeof route.query[name] === 'string' ? route.query[name] : '')
    return {
      q: text('q'),
      kind: kinds.find((kind) => kind === text('kind')) ?? '',
      status: sessionStatuses.filter((status) => text('status').split(',').includes(status)),
      target: text('target'),
      user: text('user'),
      from: text('from'),
      to: text('to'),
      sort: sorts.find((sort) => sort === text('sort')) ?? none.sort,
      page: Math.max(1, Math.floor(Number(text('page')) || 1)),
    }
  })
  const narrowed = computed(() => Object.entries(filters.value).some(([name, value]) => !['sort', 'page'].includes(name) && String(value) !== ''))

  /** Changes filters; a change begins at the first page. */
  function set(change: Partial<HistoryFilters>): void {
    const next = { ...filters.value, page: 1, ...change }
    const entries = Object.entries(next).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)] as const)
    const query = Object.fromEntries(entries.filter(([name, value]) => value !== '' && value !== String(none[name as keyof HistoryFilters])))
    void router.replace({ query })
  }

  const query = computed<Partial<HistoryQuery>>(() => {
    const { kind, from, to, ...rest } = filters.value
    const known = Object.entries({ ...rest, kind: kind === '' ? [] : [kind], from: dayStart(from, 0), to: dayStart(to, 1) }).filter(
      ([, value]) => String(value) !== '',
    )
    return { ...(Object.fromEntries(known) as Partial<HistoryQuery>), limit: historyPageSize }
  })

  return { filters, narrowed, query, set, clear: () => set({ ...none, sort: filters.value.sort }) }
}

// A day is the person's day, which begins and ends elsewhere than that of the server.
function dayStart(day: string, plusDays: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const start = new Date(year, month - 1, date + plusDays)
  return day === '' || Number.isNaN(start.getTime()) ? '' : new Date(start.getTime() - plusDays).toISOString()
}
