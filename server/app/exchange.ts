import type { Config } from '../config/config.ts'
import { HeldRequests } from '../http/exchange/held-requests.ts'
import { SqlLeases } from '../locks/leases.ts'
import type { Publisher } from '../realtime/publisher.ts'
import { endIdleExchanges } from '../sessions/exchange/end-idle.ts'
import { ExchangeCycles } from '../sessions/exchange/exchange-cycles.ts'
import { ExchangeSweeps } from '../sessions/exchange/exchange-sweeps.ts'
import { ExchangeStarts } from '../sessions/exchange/exchange-starts.ts'
import { ImportVerdicts } from '../sessions/exchange/import-verdict.ts'
import { ReceivedPieces } from '../sessions/exchange/received-pieces.ts'
import { Receiving } from '../sessions/exchange/receiving.ts'
import type { Runs } from './runs.ts'
import type { Stores } from './stores.ts'

export type Exchange = ReturnType<typeof createExchange>

/** What stands behind `/exchange/1c`. */
export function createExchange(config: Config, { stores, runs, publisher }: { stores: Stores; runs: Runs; publisher: Publisher }) {
  const { database, storage, hashing } = stores
  const { events, enqueue, worker, reader, signals } = runs
  const pieces = new ReceivedPieces({ database, storage, maxBytes: config.maxUploadBytes })
  const cycles = new ExchangeCycles({ database, events, storage, guard: config.guard })
  const starts = new ExchangeStarts({ database, events, storage, hashing, pieces, leases: new SqlLeases(database), worker, enqueue })
  return {
    cycles,
    pieces,
    starts,
    receiving: new Receiving({ database, events, publisher }),
    verdicts: new ImportVerdicts({ database, cycles, starts, pieces, reader, signals }),
    sweeps: new ExchangeSweeps({ database, events, reader, signals, enqueue, guard: config.guard }),
    held: new HeldRequests(config.exchange.holdMs),
    /** Ends what 1C did not go on with. */
    sweep: async () => await endIdleExchanges(database, cycles),
  }
}
