import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../../scripts/testing/free-port.ts'
import { ApiClient } from './api-client.ts'
import { adminLogin, adminPassword } from './start-app.ts'

const ownMain = path.join(import.meta.dirname, '..', '..', 'server', 'main.ts')

const running = new Set<ChildProcess>()
// A test that gave up waiting for a start leaves nobody to end it.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export type Exit = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

/** `main` is the program, the product's own when left out; `role` its word. */
export type Program = { main?: string; role?: 'serve' | 'work' }

/** A server in a process of its own, as people start it. It can be killed in the middle and started again on the same data. */
export class ServerProcess {
  readonly dataDir: string
  readonly #env: Record<string, string>
  readonly #program: Program
  #child: ChildProcess | null = null
  #said = ''
  #exit: Promise<Exit> = Promise.resolve({ code: null, signal: null, stdout: '', stderr: '' })
  #url = ''
  #port = '0'

  private constructor(dataDir: string, env: Record<string, string>, program: Program) {
    this.dataDir = dataDir
    this.#env = env
    this.#program = program
  }

  /** Starts it on a free port, and waits until it listens, or is ready to work. The same port is used after a restart. */
  static async start(env: Record<string, string> = {}, program: Program = {}): Promise<ServerProcess> {
    const server = new ServerProcess(env['DATA_DIR'] ?? (await mkdtemp(path.join(tmpdir(), 'intake-server-'))), env, program)
    server.#port = String(await freePort())
    await server.begin()
    return server
  }

  /** Starts it and waits for its end: for starts that fail. */
  static async startAndEnd(env: Record<string, string>): Promise<Exit> {
    const server = new ServerProcess(env['DATA_DIR'] ?? '', env, {})
    server.#spawn()
    return await server.#exit
  }

  get url(): string {
    return this.#url
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Its log since it was started last, at most the last 200,000 characters. */
  get said(): string {
    return this.#said
  }

  async admin(): Promise<ApiClient> {
    return await new ApiClient(this.#url).login(adminLogin, adminPassword)
  }

  /** Starts it when it is not running. */
  async begin(): Promise<void> {
    const child = this.#spawn()
    const listening = Promise.withResolvers<string>()
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
      const address = /listening on (http:\S+)/.exec(said)?.[1]
      if (address ?? /ready to work/.exec(said)) listening.resolve(address ?? '')
    })
    void this.#exit.then(({ code, stderr }) => listening.reject(new Error(`the server ended with ${code} before it listened:\n${stderr}`)))
    this.#url = await listening.promise
  }

  /** Ends it by a signal; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.#child?.kill(signal)
    return await this.exited()
  }

  async exited(): Promise<Exit> {
    return await this.#exit
  }

  async restart(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    const exit = await this.kill(signal)
    await this.begin()
    return exit
  }

  /** Sends a signal and waits for nothing: to stop it in the middle, and let it go on. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Memory that it has in use, in bytes. */
  async rss(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
  }

  /** Ends it and removes its data. */
  async close(): Promise<void> {
    await this.kill('SIGKILL')
    await rm(this.dataDir, { recursive: true, force: true })
  }

  #spawn(): ChildProcess {
    const settings = {
      PORT: this.#port,
      DATA_DIR: this.dataDir,
      ADMIN_LOGIN: adminLogin,
      ADMIN_PASSWORD: adminPassword,
    }
    const { main = ownMain, role } = this.#program
    const child = spawn(process.execPath, [main, ...(role ? [role] : [])], {
      cwd: tmpdir(),
      env: { PATH: process.env['PATH'], LOG_LEVEL: 'info', ...settings, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#said = ''
    running.add(child)
    child.once('exit', () => running.delete(child))
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-200_000)
    })
    this.#exit = collectExit(child)
    return child
  }
}

async function collectExit(child: ChildProcess): Promise<Exit> {
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      said[name] = (said[name] + chunk.toString('utf8')).slice(-200_000)
    })
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, ...said }
}
