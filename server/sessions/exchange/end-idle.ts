import type { Database } from '../../database/database.ts'
import { ExchangeCycleEntity } from '../../database/entities.ts'
import type { ExchangeCycles } from './exchange-cycles.ts'

const idleMs = 3_600_000
const keepMs = 7 * 86_400_000

/** Ends what 1C began to send and did not go on with for an hour, and forgets cycles of long ago. */
export async function endIdleExchanges(database: Database, cycles: ExchangeCycles, now = Date.now()): Promise<void> {
  const em = database.em()
  const idle = await em.find(ExchangeCycleEntity, { closed: false, seenAt: { $lt: now - idleMs } }, { disableIdentityMap: true })
  for (const cycle of idle) await cycles.giveUp(cycle, '1C stopped in the middle of the exchange: nothing came for an hour.')
  await em.nativeDelete(ExchangeCycleEntity, { closed: true, seenAt: { $lt: now - keepMs } })
}
