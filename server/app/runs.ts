import { newId } from '../auth/secrets.ts'
import type { WatchTokens } from '../auth/watch-tokens.ts'
import type { Config } from '../config/config.ts'
import { messageOf } from '../errors.ts'
import { LiveRuns } from '../jobs/live-runs.ts'
import type { QueueEntry } from '../jobs/queue.ts'
import { AttemptRunner } from '../jobs/run-attempt.ts'
import { SqlLeases } from '../locks/leases.ts'
import type { Logger } from '../logging/logger.ts'
import { EventLog } from '../realtime/event-log.ts'
import { EventSignals } from '../realtime/event-signals.ts'
import type { Publisher } from '../realtime/publisher.ts'
import { SqlAttemptStore } from '../sessions/attempt-store.ts'
import { DeliveryDesks } from '../sessions/deliveries/delivery-desks.ts'
import { ImportControl } from '../sessions/import-control.ts'
import { ImportReader } from '../sessions/import-reader.ts'
import { ImportStarter } from '../sessions/import-starter.ts'
import { LeftCheckpoints } from '../sessions/left-checkpoints.ts'
import { Reconciler } from '../sessions/reconcile.ts'
import { SqlRunLeases } from '../sessions/run-leases.ts'
import { tidy } from '../sessions/tidy.ts'
import { openTarget } from '../targets/registry.ts'
import type { Engine } from './engine.ts'
import type { Importers } from './importers.ts'
import type { Stores } from './stores.ts'

export type RunParts = Stores & { engine: Engine; publisher: Publisher; tokens: WatchTokens; importers: Importers }
export type Runs = ReturnType<typeof createRuns>

/** Everything that makes a run: its log, its queue, its attempts, and what people do to it. */
export function createRuns(config: Config, log: Logger, parts: RunParts) {
  const { database, storage, engine, tokens } = parts
  const records = createRecords(config, log, parts)
  const { live, reader, signals, events, store, checkpoints } = records
  const enqueueAll = tolerantQueue(engine, log)
  const enqueue = async (importId: string, attempt: number) => await enqueueAll([{ importId, attempt }])
  const runLeases = new SqlRunLeases(database)
  const leases = new SqlLeases(database)
  const worker = newId()
  const runner = createRunner(config, log, { engine, live, store, runLeases, worker })
  const holds = (importId: string) => runner.holds(importId)
  const reconciler = new Reconciler({
    database,
    store,
    runLeases,
    leases,
    worker,
    holds,
    enqueue: enqueueAll,
    log: log.child({ scope: 'reconciler' }),
  })
  const control = new ImportControl({
    database,
    events,
    stopHere: (importId, message) => runner.cancel(importId, message),
    isHeld: async (importId) => await runLeases.isHeld(importId),
    storage,
    enqueue,
    endCancelled: async (importId) => await store.endCancelled(importId),
  })
  return {
    live,
    reader,
    signals,
    events,
    enqueue,
    worker,
    reconciler,
    control,
    starter: new ImportStarter({ database, events, tokens, enqueue, refuseBusy: config.targetBusy === 'refuse', sharing: records.sharing }),
    recover: async () => await recover({ engine, leases, runLeases, reconciler, log }),
    /** Removes what is left lying about. While processes work, what is younger than a day may be an upload in flight. */
    tidy: async (alone = false) => await tidy({ database, store, storage, log }, { alone }),
    work: () => engine.queue.start(async (importId) => await runner.run(importId, (again, attempt) => void enqueue(again, attempt))),
    stop: async () => {
      runner.stopAll()
      await engine.queue.close()
      checkpoints.stop()
    },
  }
}

/** What is known of runs, and the one door through which it changes. */
function createRecords(config: Config, log: Logger, { database, targets, accounts, engine, publisher, importers }: RunParts) {
  const live = new LiveRuns()
  const reader = new ImportReader(database, live)
  const signals = new EventSignals()
  const events = new EventLog(database, async ({ importId, events: stored, patched }) => {
    publisher.events(importId, stored)
    signals.stored(importId)
    const view = patched ? await reader.find(importId) : null
    if (view) publisher.importChanged(view)
  })
  const addressOf = async (targetId: string) => await targets.addressOf(targetId)
  const sharing = async (targetId: string) => await targets.sharing(targetId)
  const checkpoints = new LeftCheckpoints({ database, locks: engine.locks, addressOf, sharing, openTarget, log: log.child({ scope: 'checkpoints' }) })
  const store = new SqlAttemptStore({
    database,
    events,
    publisher,
    live,
    storageAddress: config.storage,
    importers,
    addressOf,
    sharing,
    checkpoints,
    desks: new DeliveryDesks({ database, events, accounts, places: engine.places, rules: config.destinations, ...config.deliveries }),
  })
  return { live, reader, signals, events, store, checkpoints, sharing }
}

/** The rows are there and say that they wait: what the queue does not take now, whoever reconciles puts into it. */
function tolerantQueue(engine: Engine, log: Logger): (entries: QueueEntry[]) => Promise<void> {
  return async (entries) => {
    try {
      await engine.queue.add(entries)
    } catch (error) {
      log.warn({ reason: messageOf(error), runs: entries.length }, 'the queue takes nothing now; the runs wait in the database')
    }
  }
}

type RunnerParts = { engine: Engine; live: LiveRuns; store: SqlAttemptStore; runLeases: SqlRunLeases; worker: string }

function createRunner(config: Config, log: Logger, { engine, live, store, runLeases, worker }: RunnerParts): AttemptRunner {
  return new AttemptRunner({
    store,
    runLeases,
    leases: engine.locks,
    live,
    log: log.child({ scope: 'jobs' }),
    options: {
      memoryMb: config.jobMemoryMb,
      leaseMs: config.leaseMs,
      drainMs: Math.min(10_000, config.shutdownMs / 2),
      stopMessage: engine.stopMessage,
    },
    owner: worker,
    released: () => engine.queue.wake(),
  })
}

type RecoverParts = { engine: Engine; leases: SqlLeases; runLeases: SqlRunLeases; reconciler: Reconciler; log: Logger }

/** Puts right what former processes left. */
async function recover({ engine, leases, runLeases, reconciler, log }: RecoverParts): Promise<void> {
  if (engine.alone) {
    // Whoever had a lease is gone.
    await leases.clear()
    await runLeases.endAll()
  }
  const queued = await reconciler.pass(engine.alone ? 'The server was stopped in the middle of this run.' : undefined)
  if (queued) log.info({ runs: queued }, 'runs wait for a worker')
}
