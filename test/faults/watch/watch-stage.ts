import { setTimeout as delay } from 'node:timers/promises'
import path from 'node:path'
import { loginCookie } from '../../../shared/protocol/paths.ts'
import type { ImportView, StoredEvent } from '../../../shared/protocol/views.ts'
import { ApiClient } from '../../support/api-client.ts'
import { Gates } from '../../support/gate.ts'
import type { Gate } from '../../support/gate.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { adminLogin, adminPassword } from '../../support/start-app.ts'
import { CuttingProxy } from './cutting-proxy.ts'
import { logIn, StagedWatcher } from './staged-watcher.ts'
import type { Seen } from './staged-watcher.ts'
import type { Right, Step, WatchPlan } from './watch-plan.ts'

/** Short lives, so that tokens are renewed and both tokens and logins end in the middle of a run. */
const settings = { WATCH_TOKEN_SECONDS: '2', LOGIN_IDLE_MINUTES: '0.05', SHUTDOWN_SECONDS: '2', LOG_LEVEL: 'warn' }

/** `met`: how often watchers were in each state, and how often they got a new token. */
export type Performance = { view: ImportView; stored: StoredEvent[]; seen: Seen[]; met: string[] }

/** A server in a process of its own, and what is done to it and to those who watch. */
export class WatchStage {
  readonly #server: ServerProcess
  readonly #gates = new Gates()

  private constructor(server: ServerProcess) {
    this.#server = server
  }

  static async open(): Promise<WatchStage> {
    return new WatchStage(await ServerProcess.start(settings, { main: path.join(import.meta.dirname, 'scripted-server.ts') }))
  }

  async close(): Promise<void> {
    await this.#server.close()
    this.#gates.remove()
  }

  /** Plays a plan to the end of its run and of all who watch it. Throws when they do not come to it within `limitMs`. */
  async play(plan: WatchPlan, limitMs: number): Promise<Performance> {
    const gates = plan.segments.map(() => this.#gates.make())
    const play = await Play.begin(this.#server, plan, gates)
    try {
      const ended = play.perform(plan.steps)
      const late = delay(limitMs, 'late' as const, { ref: false })
      if ((await Promise.race([ended, late])) === 'late') throw new Error(`not at the end after ${limitMs} ms. ${play.describe()}`)
      return await play.result()
    } finally {
      await play.close()
    }
  }
}

class Play {
  readonly #server: ServerProcess
  readonly #gates: Gate[]
  readonly #importId: string
  readonly #token: string
  /** Has the watch cookie of the start, and no login. */
  readonly #cookies: Headers
  readonly #watchers: StagedWatcher[] = []
  #up: Promise<void> = Promise.resolve()

  private constructor(server: ServerProcess, gates: Gate[], started: { importId: string; token: string; cookies: Headers }) {
    this.#server = server
    this.#gates = gates
    this.#importId = started.importId
    this.#token = started.token
    this.#cookies = started.cookies
  }

  static async begin(server: ServerProcess, { segments }: WatchPlan, gates: Gate[]): Promise<Play> {
    const admin = await lastingAdmin(server)
    const script = segments.flatMap((segment, index) => [...segment, { until: gates[index]?.file ?? '' }])
    const { status, headers, body, text } = await admin.start(JSON.stringify(script), {
      kind: 'table',
      name: 'script.json',
      options: { again: true },
    })
    if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
    return new Play(server, [...gates], { importId: body.import.id, token: body.watch.token, cookies: headers })
  }

  async perform(steps: Step[]): Promise<void> {
    for (const step of steps) await this.#do(step)
    for (const gate of this.#gates.splice(0)) gate.open()
    await this.#up
    if (this.#watchers.length === 0) await this.#join('login', 0)
    await Promise.all(this.#watchers.map(async (watcher) => await watcher.untilEnd()))
  }

  async result(): Promise<Performance> {
    const admin = await lastingAdmin(this.#server)
    const view = await admin.ended(this.#importId)
    return {
      view,
      stored: await admin.events(this.#importId),
      seen: this.#watchers.flatMap(({ seen }) => seen),
      met: this.#watchers.flatMap(({ met }) => met),
    }
  }

  describe(): string {
    return this.#watchers.map(({ state }) => state).join('; ')
  }

  async close(): Promise<void> {
    for (const gate of this.#gates) gate.open()
    for (const watcher of this.#watchers) watcher.close()
    for (const { proxy } of this.#watchers) await proxy.close()
    await this.#up
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case 'open':
        return this.#gates.shift()?.open()
      case 'pause':
        return await delay(step.ms)
      case 'settle':
        return await this.#settle()
      case 'join':
        return await this.#join(step.right, step.after)
      case 'kill':
      case 'terminate':
        return await this.#restart(step.do === 'kill' ? 'SIGKILL' : 'SIGTERM')
      case 'cut':
      case 'stall':
      case 'lose':
      case 'reload':
      case 'logout':
        return await this.#disturb(step.do, this.#watchers[step.watcher % this.#watchers.length])
    }
  }

  async #disturb(how: 'cut' | 'stall' | 'lose' | 'reload' | 'logout', watcher: StagedWatcher | undefined): Promise<void> {
    if (!watcher) return
    if (how === 'cut') watcher.proxy.cut()
    if (how === 'lose') watcher.proxy.lose()
    if (how === 'reload') watcher.reload()
    if (how === 'logout') watcher.api.cookies.remove(loginCookie)
    if (how !== 'stall') return
    watcher.proxy.stall()
    await delay(50)
    watcher.proxy.cut()
  }

  /** Everyone who watches sees what is stored by now. */
  async #settle(): Promise<void> {
    await this.#up
    const admin = await lastingAdmin(this.#server)
    const { lastSeq } = await admin.import(this.#importId)
    await Promise.all(this.#watchers.map(async (watcher) => await watcher.untilSeen(lastSeq)))
  }

  async #join(right: Right, after: number): Promise<void> {
    await this.#up
    const proxy = await CuttingProxy.open(Number(new URL(this.#server.url).port))
    const api = new ApiClient(proxy.url)
    if (right === 'login') await logIn(api)
    if (right === 'cookie') {
      api.cookies.take(this.#cookies)
      api.cookies.remove(loginCookie)
    }
    const token = right === 'token' ? this.#token : undefined
    const who = `watcher ${this.#watchers.length} (${right})`
    this.#watchers.push(new StagedWatcher({ who, proxy, api, importId: this.#importId, token, after, serverUp: async () => await this.#up }))
  }

  async #restart(signal: NodeJS.Signals): Promise<void> {
    await this.#up
    // Not waited for: more may happen while it is away.
    this.#up = this.#server.restart(signal).then(() => {
      for (const watcher of this.#watchers) watcher.nudge()
    })
  }
}

/** Logs in again when the login, which is as short as anybody's here, has ended between two questions. */
async function lastingAdmin(server: ServerProcess): Promise<ApiClient> {
  const admin = await server.admin()
  const ask = admin.request.bind(admin)
  admin.request = async <T>(...question: Parameters<ApiClient['request']>) => {
    for (;;) {
      const answer = await ask<T>(...question)
      if (answer.status !== 401) return answer
      await admin.login(adminLogin, adminPassword)
    }
  }
  return admin
}
