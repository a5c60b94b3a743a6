import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { runSql } from '../../support/postgres.ts'
import type { Moment, Scenario } from '../cluster/scenario.ts'

/** A pool gives up after five seconds. */
const longerThanPoolMs = 6_500
const mostConnections = 320
/** A run that has not come so far after so long has gone by. */
const runReachesMs = 4_000

/** What may happen to the PostgreSQL servers of the app database and of the targets. */
export const databaseScenarios: Scenario[] = [
  {
    name: 'app database restarted, -m immediate',
    engines: ['distributed'],
    disturb: async ({ surroundings: { app } }) => {
      await app.halt('SIGQUIT')
      await app.resume()
    },
  },
  {
    name: 'connections to the app database cut',
    engines: ['distributed'],
    disturb: async ({ surroundings: { app } }) => {
      await runSql(app.url(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'intake%'`)
    },
  },
  { name: 'app database locked, all pools exhausted', engines: ['distributed'], disturb: lockRuns },
  { name: 'app database takes no more connections', engines: ['distributed'], disturb: takeConnections },
  {
    name: 'target database restarted, -m immediate',
    engines: ['embedded', 'distributed'],
    disturb: async ({ surroundings: { targets } }) => {
      await targets.halt('SIGQUIT')
      await targets.resume()
    },
  },
  {
    name: 'connections to the target cut',
    engines: ['embedded', 'distributed'],
    disturb: async ({ surroundings: { targets } }) => {
      await runSql(targets.url(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'intake%'`)
    },
  },
  { name: 'deadlock in the target', engines: ['embedded', 'distributed'], disturb: deadlock, early: true },
]

/** Whoever asks for a run waits, until no process has a free connection. */
async function lockRuns({ cluster }: Moment): Promise<void> {
  await using(cluster.databaseUrl, async (client) => {
    await client.query('BEGIN; LOCK TABLE import_session IN ACCESS EXCLUSIVE MODE')
    await delay(longerThanPoolMs)
    await client.query('ROLLBACK')
  })
}

async function takeConnections({ surroundings: { app } }: Moment): Promise<void> {
  const taken: Client[] = []
  try {
    while (taken.length < mostConnections) taken.push(await connected(app.url()))
  } catch {
    // That was the last.
  }
  await runIdle(taken)
}

async function runIdle(taken: Client[]): Promise<void> {
  await delay(3_000)
  await Promise.all(taken.map(async (client) => await client.end()))
}

/** Somebody else works on the target, and locks in the other order what the run locks. PostgreSQL ends the run's transaction, not theirs. */
async function deadlock({ target }: Moment): Promise<void> {
  await using(target.url, async (client) => {
    const { rows } = await client.query<{ pid: number }>(`SET deadlock_timeout = '60s'; SELECT pg_backend_pid() AS pid`).then(last)
    await client.query('BEGIN; UPDATE library_author SET name = name WHERE id IN (1, 500001)')
    const blocking = `SELECT 1 FROM pg_stat_activity WHERE ${rows[0]!.pid} = ANY (pg_blocking_pids(pid))`
    for (const until = performance.now() + runReachesMs; performance.now() < until; await delay(50))
      if ((await runSql(target.url, blocking)).length > 0) break
    await client.query('UPDATE library_tag SET name = name WHERE id IN (2, 500001)').catch(() => undefined)
    await client.query('ROLLBACK')
  })
}

/** pg answers several statements by several results. */
function last<T>(results: T | T[]): T {
  return Array.isArray(results) ? results.at(-1)! : results
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function using(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = await connected(url)
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
