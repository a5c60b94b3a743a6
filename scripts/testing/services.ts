import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort } from './free-port.ts'

/** A server of the run's own, in a folder of its own. `stop` ends it and removes the folder. */
export type Service = { url: string; stop: () => Promise<void> }

/** One that can go away and come back with what it holds. `SIGQUIT` ends a PostgreSQL at once, as a crash would. */
export type RestartableService = Service & { halt: (signal?: NodeJS.Signals) => Promise<void>; resume: () => Promise<void> }

/**
 * Starts a PostgreSQL that lasts as long as the run. Answers the URL of its superuser.
 * @param program path of `postgres`; `initdb` stands beside it
 */
export async function startPostgres(program: string): Promise<RestartableService> {
  const folder = mkdtempSync(join(tmpdir(), 'intake-postgres-'))
  const password = randomBytes(12).toString('hex')
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  const owner = serverUser()
  if (owner) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid)
  const data = join(folder, 'data')
  const initArgs = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C', '--no-sync']
  execFileSync(join(dirname(program), 'initdb'), initArgs, { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const port = await freePort()
  // Nothing of it outlives the run, so nothing is flushed to the disk.
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'full_page_writes=off', 'max_connections=300']
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const run = (): Promise<ChildProcess> => start(program, args, 'stderr', /ready to accept connections/, { ...owner, cwd: folder })
  let server = await run()
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    halt: (signal = 'SIGINT') => end(server, signal),
    resume: async () => {
      server = await run()
    },
    stop: () => stop(server, 'SIGINT', folder),
  }
}

/** Starts a Redis that keeps nothing. */
export async function startRedis(program: string): Promise<Service> {
  const folder = mkdtempSync(join(tmpdir(), 'intake-redis-'))
  const port = await freePort()
  const settings = { bind: '127.0.0.1', port: String(port), save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  const server = await start(program, args, 'stdout', /Ready to accept connections/, { cwd: folder })
  return { url: `redis://127.0.0.1:${port}`, stop: () => stop(server, 'SIGTERM', folder) }
}

/** PostgreSQL refuses to run as root: then its own user runs it, or nobody. */
function serverUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const idOf = (name: string, flag: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: idOf('postgres', '-u'), gid: idOf('postgres', '-g') }
  } catch {
    return { uid: idOf('nobody', '-u'), gid: idOf('nobody', '-g') }
  }
}

async function start(program: string, args: string[], stream: 'stdout' | 'stderr', ready: RegExp, options: SpawnOptions): Promise<ChildProcess> {
  // A group of its own: Ctrl-C in the terminal reaches the run first, which stops its services last.
  const child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('utf8')).slice(-20_000)
        if (name === stream && ready.test(said)) resolve()
      })
    }
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code} before it was ready:\n${said}`)))
  })
  return child
}

async function stop(child: ChildProcess, signal: NodeJS.Signals, folder: string): Promise<void> {
  await end(child, signal)
  rmSync(folder, { recursive: true, force: true })
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
}
