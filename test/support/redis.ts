import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../../scripts/testing/free-port.ts'
import { tools } from '../../scripts/testing/machine.ts'

/** A Redis that a test may treat as it likes. */
export type TestRedis = {
  url: string
  /** Forgets everything, as an operator's FLUSHALL would. */
  flushAll(): Promise<void>
  /** Ends the server at once, and starts it again on the same port: with what it had written, or empty. */
  restart(options?: { keep?: boolean; settings?: Record<string, string> }): Promise<void>
  /** Ends the server at once, without starting it again. `restart` brings it back. */
  kill(): Promise<void>
  /** Lets the server stand still: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** Runs one command on a connection of its own. */
  run(command: string, ...args: (string | number)[]): Promise<unknown>
  stop(): Promise<void>
}

/** Whether tests can start a Redis of their own. What can't is named as skipped. */
export const hasRedis = tools.redis.find() !== null

/** Whether tests can have a Redis that they do nothing violent to. */
export const hasSharedRedis = hasRedis || process.env['INTAKE_TEST_REDIS_URL'] !== undefined

/** A prefix of keys that no other test has. */
export const freshPrefix = (): string => `test-${randomBytes(6).toString('hex')}`

/** The server that the test runner started, or one of one's own: for tests that keep to a prefix of their own and do nothing violent. */
export async function useRedis(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env['INTAKE_TEST_REDIS_URL']
  return given === undefined ? await startRedis() : { url: given, stop: async () => {} }
}

/** Starts a server of one's own. It writes what it is given to its folder, so that a restart can keep it. */
export async function startRedis(settings: Record<string, string> = {}): Promise<TestRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let server: ChildProcess | null = await launch(folder, port, settings)
  const kill = async (): Promise<void> => {
    const ending = server
    server = null
    if (ending) await end(ending)
  }
  return {
    url,
    kill,
    flushAll: async () => void (await runCommand(url, 'FLUSHALL')),
    restart: async ({ keep = true, settings: changed = {} } = {}) => {
      await kill()
      if (!keep) await rm(path.join(folder, 'appendonlydir'), { recursive: true, force: true })
      server = await launch(folder, port, { ...settings, ...changed })
    },
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    run: async (command, ...args) => await runCommand(url, command, ...args),
    stop: async () => {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function launch(folder: string, port: number, settings: Record<string, string>): Promise<ChildProcess> {
  const all = {
    bind: '127.0.0.1',
    port: String(port),
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    ...settings,
  }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(tools.redis.find() ?? 'redis-server', args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-20_000)
      if (said.includes('Ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code} before it was ready:\n${said}`)))
  })
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function runCommand(url: string, command: string, ...args: (string | number)[]): Promise<unknown> {
  const client = new Redis(url, { lazyConnect: true })
  try {
    await client.connect()
    return await client.call(command, ...args)
  } finally {
    client.disconnect()
  }
}
