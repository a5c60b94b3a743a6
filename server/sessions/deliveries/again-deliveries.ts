import type { Database, EntityManager } from '../../database/database.ts'
import type { EventDraft } from '../../realtime/event-log.ts'
import type { DeliveryState, Ledger, Progress } from '../../../shared/protocol/views.ts'
import { changeOf, deliveryTables, isOpen, openStates, streamOf } from './delivery-table.ts'
import type { DeliveryRow } from './delivery-table.ts'
import { accountsOf } from './read-deliveries.ts'

const undone = ['failed', 'stopped'] as const
const filesAtOnce = 200

/** What a retry does to the rows of a bulk run: to be done in one transaction, with the lines that tell of it. */
export type AgainDeliveries = {
  drafts: EventDraft[]
  /** What is delivered stays so: the run waits with these. */
  figures: { progress: Progress; ledger: Ledger }
  within: (em: EntityManager) => Promise<void>
}

/** Whether there is anything that a retry of the failed ones would touch. */
export async function hasUndone(database: Database, importId: string): Promise<boolean> {
  const query = deliveryTables(database.em()).selectFrom('bulk_delivery').where('import_id', '=', importId).where('state', 'in', undone)
  return (await query.select('file').limit(1).executeTakeFirst()) !== undefined
}

/**
 * Failed and stopped deliveries begin anew; one whose copy was kept begins with it. `failed`: no other is touched, also none that a run that was cut short did
 * not come to. `all`: what waited for its next try when it was cut short is tried now, as often as any other. The run has ended, so that nothing changes its rows
 * before this does.
 */
export async function againDeliveries(database: Database, importId: string, only: 'failed' | 'all'): Promise<AgainDeliveries> {
  const em = database.em()
  const names = new Map((await accountsOf(em, importId)).map(({ id, name }) => [id, name]))
  const rows = await deliveryTables(em)
    .selectFrom('bulk_delivery')
    .where('import_id', '=', importId)
    .where((eb) => {
      const waits = eb.and([eb('state', 'in', openStates), eb('not_before', 'is not', null)])
      return only === 'failed' ? eb('state', 'in', undone) : eb.or([eb('state', 'in', undone), waits])
    })
    .orderBy('account_id')
    .orderBy('file')
    .selectAll()
    .execute()
  return {
    figures: await figuresOf(em, importId),
    drafts: rows.map((row) => ({
      type: 'log',
      level: 'info',
      message: 'It is tried again.',
      stream: streamOf(names.get(row.account_id) ?? row.account_id),
      data: { delivery: changeOf({ ...row, ...begun(row) }) },
    })),
    within: async (em) => {
      const ofRun = () => deliveryTables(em).updateTable('bulk_delivery').where('import_id', '=', importId)
      await ofRun()
        .where('state', 'in', openStates)
        .set({ held: only === 'failed' ? 1 : 0 })
        .execute()
      for (const own of groupsOf(rows)) {
        const { account_id: account, state } = own[0]!
        for (let start = 0; start < own.length; start += filesAtOnce) {
          const files = own.slice(start, start + filesAtOnce).map(({ file }) => file)
          const changed = { ...begun(own[0]!), held: 0, changed_at: Date.now() }
          await ofRun().where('account_id', '=', account).where('file', 'in', files).where('state', '=', state).set(changed).execute()
        }
      }
    },
  }
}

async function figuresOf(em: EntityManager, importId: string): Promise<AgainDeliveries['figures']> {
  const states = await deliveryTables(em)
    .selectFrom('bulk_delivery')
    .where('import_id', '=', importId)
    .groupBy('state')
    .select(({ fn }) => ['state', fn.countAll<number | string>().as('rows')])
    .execute()
  const count = (state: DeliveryState): number => Number(states.find((each) => each.state === state)?.rows ?? 0)
  const total = states.reduce((sum, { rows }) => sum + Number(rows), 0)
  const [succeeded, skipped] = [count('verified'), count('skipped')]
  const done = succeeded + skipped
  return {
    progress: { percent: total === 0 ? 0 : (100 * done) / total, done, total, unit: 'deliveries', rate: null, etaMs: null },
    ledger: { total, succeeded, failed: 0, skipped, notReached: total - done },
  }
}

/** Rows of one account that become the same. */
function groupsOf(rows: DeliveryRow[]): DeliveryRow[][] {
  return [...Map.groupBy(rows, ({ account_id: account, state, input_key: key }) => `${account} ${state} ${key === null}`).values()]
}

function begun(row: DeliveryRow) {
  return { ...stateToBegin(row), attempts: 0, not_before: null, bytes: 0, error: null }
}

function stateToBegin({ state, input_key: key }: DeliveryRow) {
  if (isOpen(state)) return { state }
  return key === null ? ({ state: 'waiting', input_sha256: null, path: null } as const) : ({ state: 'copied' } as const)
}
