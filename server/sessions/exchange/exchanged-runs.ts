import type { ExchangePrincipal } from '../../auth/exchange-logins.ts'
import type { EntityManager } from '../../database/database.ts'
import { ExchangeCycleEntity, ExchangeLoginEntity, ImportSessionEntity } from '../../database/entities.ts'
import type { ExchangeCycle, ImportSession } from '../../database/entities.ts'
import { isFinal } from '../../../shared/session-status.ts'

/** The runs of a catalog exchange, the oldest first. `problem`: why nobody can say what it did not bring, as a sentence. */
export type ExchangedRuns = { runs: ImportSession[]; problem: string | null }

/** A login that was lost again and again is followed back so far. */
const mostLogins = 100

/**
 * What 1C sent since the `checkauth` that this timestamp is of. It counts from the login itself where 1C says none, and from an earlier one where its cookie was
 * lost in the middle: more than the exchange brought does no harm, less of it would.
 */
export async function exchangedRuns(em: EntityManager, { login, user }: ExchangePrincipal, timestamp: string): Promise<ExchangedRuns> {
  const since = await sinceOf(em, { login, user }, timestamp)
  const own = { userId: user.id, type: 'catalog' as const, $or: [{ createdAt: { $gte: since } }, { loginId: login.id }] }
  const cycles = await em.find(ExchangeCycleEntity, own, { orderBy: { createdAt: 'asc' }, disableIdentityMap: true })
  const ids = cycles.map(({ resultId, importId }) => resultId ?? importId)
  const found = await em.find(ImportSessionEntity, { id: { $in: ids } }, { disableIdentityMap: true })
  const rows = [...new Set(ids)].flatMap((id) => found.find((row) => row.id === id) ?? [])
  // Files that 1C dropped by `init` it has sent again.
  const runs = rows.filter(({ status, files }) => status !== 'cancelled' || files.length > 0)
  return { runs, problem: problemOf(cycles, runs) }
}

/** The moment of the login that the timestamp is of: it is in whole seconds. */
async function sinceOf(em: EntityManager, { login, user }: ExchangePrincipal, timestamp: string): Promise<number> {
  const began = await beganAt(em, { login, user })
  const said = /^\d{9,11}$/.test(timestamp) ? Number(timestamp) * 1000 : Infinity
  if (said + 999 >= began) return began
  const first = { orderBy: { createdAt: 'asc' }, disableIdentityMap: true } as const
  const then = await em.findOne(ExchangeLoginEntity, { userId: user.id, createdAt: { $gte: said } }, first)
  return then?.createdAt ?? said
}

async function beganAt(em: EntityManager, { login, user }: ExchangePrincipal): Promise<number> {
  let first = login
  for (let at = 0; at < mostLogins && !first.begun; at++) {
    const before = await em.findOne(
      ExchangeLoginEntity,
      { userId: user.id, createdAt: { $lt: first.createdAt } },
      { orderBy: { createdAt: 'desc' }, disableIdentityMap: true },
    )
    if (!before) break
    first = before
  }
  return first.createdAt
}

function problemOf(cycles: ExchangeCycle[], runs: ImportSession[]): string | null {
  const [first] = runs
  if (!first) return 'This exchange brought nothing.'
  const open = cycles.find(({ closed, importId }) => !closed && runs.some(({ id }) => id === importId))
  if (open) return `Files were sent that were not imported (import session ${open.importId}).`
  const running = runs.find(({ status }) => !isFinal(status))
  if (running) return `The import is not at its end (import session ${running.id}).`
  const failed = runs.find(({ status }) => status === 'failed' || status === 'cancelled')
  if (failed) return `Not everything that was sent was imported (import session ${failed.id}).`
  const gone = runs.find(({ uploadsGone }) => uploadsGone)
  if (gone) return `The files of the exchange are no longer kept (import session ${gone.id}).`
  const elsewhere = runs.some(({ targetId, options }) => targetId !== first.targetId || options['source'] !== first.options['source'])
  return elsewhere ? 'The exchange settings were changed in the middle of this exchange.' : null
}
