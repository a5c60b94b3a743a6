import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loginCookie } from '../../../shared/protocol/paths.ts'
import { ApiClient } from '../../support/api-client.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { freshPrefix } from '../../support/redis.ts'
import type { Engine, Surroundings } from './surroundings.ts'

export type Role = 'serve' | 'work' | 'both'

/** `env` for all of its processes; `main` another program than the product's; `own` for single ones, by name. */
export type ClusterOptions = {
  env?: Record<string, string>
  main?: string
  serve?: number
  work?: number
  own?: Record<string, Record<string, string>>
}

/** A worker is taken for lost so soon in most tests. */
const leaseSeconds = '2'

/** `starting`: until it runs again, while it is being started. */
type Member = { name: string; role: Role; server: ServerProcess; running: boolean; stopped: boolean; starting?: Promise<void> | undefined }

/** The processes of one Intake, by names: `serve 1`, `work 2`; or the one, `both`. */
export class Cluster {
  readonly engine: Engine
  readonly dataDir: string
  /** What processes did that nobody had asked them to: they ended, or rejected something nobody waited for. */
  readonly faults: string[] = []
  /** Processes that end by themselves are started again, as a supervisor would, instead of being a fault. */
  supervised = false
  /** The app database of the distributed engine. */
  databaseUrl = ''
  readonly #members: Member[] = []
  #login: string | null = null

  private constructor(engine: Engine, dataDir: string) {
    this.engine = engine
    this.dataDir = dataDir
  }

  /** The embedded engine needs no servers around it. */
  static async open(engine: Engine, surroundings: Surroundings | null, options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(engine, await mkdtemp(path.join(tmpdir(), 'intake-cluster-')))
    const { env = {}, main, serve = 2, work = 2, own = {} } = options
    const meeting = engine === 'distributed' && surroundings ? await meetingPlace(surroundings) : {}
    cluster.databaseUrl = meeting['DATABASE_URL'] ?? ''
    const shared = {
      DATA_DIR: cluster.dataDir,
      LEASE_SECONDS: leaseSeconds,
      SHUTDOWN_SECONDS: '30',
      ...meeting,
      ...env,
    }
    const names: [string, Role][] =
      engine === 'embedded'
        ? [['both', 'both']]
        : [
            ...Array.from({ length: serve }, (_none, index): [string, Role] => [`serve ${index + 1}`, 'serve']),
            ...Array.from({ length: work }, (_none, index): [string, Role] => [`work ${index + 1}`, 'work']),
          ]
    try {
      await Promise.all(
        names.map(async ([name, role]) => {
          const program = { ...(main !== undefined && { main }), ...(role !== 'both' && { role }) }
          const server = await ServerProcess.start({ ...shared, ...own[name] }, program)
          const member = { name, role, server, running: true, stopped: false }
          cluster.#members.push(member)
          cluster.#guard(member)
        }),
      )
    } catch (error) {
      await cluster.close()
      throw error
    }
    cluster.#members.sort((one, other) => one.name.localeCompare(other.name))
    return cluster
  }

  /** Names of those that answer people, or that work. */
  names(what: 'serve' | 'work'): string[] {
    return this.#members.filter(({ role }) => role === what || role === 'both').map(({ name }) => name)
  }

  url(name: string): string {
    return this.#of(name).server.url
  }

  server(name: string): ServerProcess {
    return this.#of(name).server
  }

  /** One administrator, logged in once; asks the process of that name, the first when left out. */
  async admin(name = this.names('serve')[0]!): Promise<ApiClient> {
    this.#login ??= (await this.server(name).admin()).cookies.value(loginCookie)
    const client = new ApiClient(this.url(name))
    client.cookies.set(loginCookie, this.#login ?? '')
    return client
  }

  /** The process that began the last attempt of that run, as its log says. */
  workerOf(importId: string): string | undefined {
    const at = this.#members.map(({ name, server }) => ({ name, time: lastStart(server.said, importId) }))
    return at
      .filter(({ time }) => time !== '')
      .toSorted((one, other) => one.time.localeCompare(other.time))
      .at(-1)?.name
  }

  /** Whether each attempt that this process began has ended, as its log says. */
  isIdle(name: string): boolean {
    const { said } = this.server(name)
    return said.split('"attempt started"').length <= said.split('"attempt ended"').length
  }

  /** Ends it by a signal. Answers its exit code; null when the signal ended it. */
  async kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const member = this.#of(name)
    member.running = false
    return (await member.server.kill(signal)).code
  }

  stop(name: string): void {
    this.#of(name).stopped = true
    this.#of(name).server.signal('SIGSTOP')
  }

  resume(name: string): void {
    this.#of(name).stopped = false
    this.#of(name).server.signal('SIGCONT')
  }

  /** Starts what does not run, and lets go on what stands still. */
  async heal(): Promise<void> {
    for (const { name, stopped } of this.#members) if (stopped) this.resume(name)
    await Promise.all(
      this.#members.map(async (member) => {
        if (!member.running) await (member.starting ??= this.#begin(member))
      }),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map(async ({ name }) => await this.kill(name)))
    await rm(this.dataDir, { recursive: true, force: true })
  }

  async #begin(member: Member): Promise<void> {
    try {
      await member.server.begin()
      member.running = true
    } finally {
      member.starting = undefined
    }
    this.#guard(member)
  }

  /** Watches over one life of a process. */
  #guard(member: Member): void {
    void member.server.exited().then(({ code, signal, stderr }) => {
      if (stderr.includes('unhandled rejection')) this.faults.push(`${member.name} rejected something nobody waited for: ${tail(stderr)}`)
      if (!member.running) return
      member.running = false
      if (this.supervised) return void this.heal()
      this.faults.push(`${member.name} ended by itself with ${code ?? signal}: ${tail(stderr)}`)
    })
  }

  #of(name: string): Member {
    const found = this.#members.find((member) => member.name === name)
    if (!found) throw new Error(`there is no process "${name}"`)
    return found
  }
}

async function meetingPlace({ app, redis }: Surroundings): Promise<Record<string, string>> {
  return {
    DATABASE_URL: await app.createDatabase('app'),
    REDIS_URL: redis.url,
    REDIS_PREFIX: freshPrefix(),
    SECRET_KEY: 'the same for every process',
  }
}

function lastStart(said: string, importId: string): string {
  const line = said.split('\n').findLast((text) => text.includes('"attempt started"') && text.includes(importId))
  return /"time":"([^"]+)"/.exec(line ?? '')?.[1] ?? ''
}

function tail(text: string): string {
  return text.slice(-1500)
}
