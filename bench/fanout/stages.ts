import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { startOwnPostgres } from '../../test/support/postgres.ts'
import { startRedis } from '../../test/support/redis.ts'
import { ServerProcess } from '../../test/support/server-process.ts'
import type { Pace } from './pace.ts'

/** Something that is watched: where, by whom, and the processes whose time counts. `others` work on the run, and send nothing to watchers. */
export type Stage = {
  urls: string[]
  importId: string | null
  token: string
  pids: number[]
  others: number[]
  close(): Promise<void>
}

const here = import.meta.dirname
const main = path.join(here, 'server.ts')

/** `ws` alone. */
export async function bareStage(pace: Pace): Promise<Stage> {
  const child = spawn(process.execPath, [path.join(here, 'bare-ws.ts'), JSON.stringify(pace)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    urls: [line.replace('listening on ', '')],
    importId: null,
    token: '',
    pids: [child.pid ?? 0],
    others: [],
    close: async () => {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

/** One process that does everything. */
export async function embeddedStage(pace: Pace): Promise<Stage> {
  const server = await ServerProcess.start({ LOG_LEVEL: 'warn' }, { main })
  return { ...(await startRun(server, pace)), urls: [server.url], pids: [server.pid], others: [], close: async () => await server.close() }
}

/** Two processes that serve and one that works, over PostgreSQL and Redis. */
export async function distributedStage(pace: Pace): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const closer of closers.toReversed()) await closer()
  }
  try {
    const folder = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
    closers.push(async () => await rm(folder, { recursive: true, force: true }))
    const postgres = await startOwnPostgres()
    closers.push(async () => await postgres.stop())
    const redis = await startRedis()
    closers.push(async () => await redis.stop())
    const DATABASE_URL = await postgres.createDatabase('bench')
    const env = { LOG_LEVEL: 'warn', DATA_DIR: folder, DATABASE_URL, REDIS_URL: redis.url, SECRET_KEY: 'a key for measurements' }
    const servers: ServerProcess[] = []
    for (const role of ['serve', 'serve', 'work'] as const) {
      const server = await ServerProcess.start(env, { main, role })
      servers.push(server)
      closers.push(async () => await server.kill())
    }
    const [first, second, worker] = servers as [ServerProcess, ServerProcess, ServerProcess]
    const run = await startRun(first, pace)
    return { ...run, urls: [first.url, second.url], pids: [first.pid, second.pid], others: [worker.pid], close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startRun(server: ServerProcess, pace: Pace): Promise<{ importId: string; token: string }> {
  const api = await server.admin()
  const { status, text, body } = await api.start(JSON.stringify([pace]), { kind: 'table', name: 'pace.json' })
  if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
  return { importId: body.import.id, token: body.watch.token }
}
