import { setTimeout as delay } from 'node:timers/promises'
import { paths } from '../../../shared/protocol/paths.ts'
import type { FaultTarget, FaultTargets } from '../restore/fault-target.ts'
import { postgresTargets } from '../restore/fault-target.ts'
import { killPoints } from '../kill/kill-points.ts'
import { libraryFixture } from '../restore/library-fixture.ts'
import { RunSignals } from '../kill/run-signals.ts'
import type { Signal } from '../kill/run-signals.ts'
import { SeededRandom } from '../seeded-random.ts'
import { bounded } from './bounded.ts'
import { checkEnd, checkLog, noFaults } from './check-run.ts'
import type { Expected, Faults } from './check-run.ts'
import { Cluster } from './cluster.ts'
import type { ClusterOptions } from './cluster.ts'
import { ClusterRun } from './run.ts'
import type { Scenario } from './scenario.ts'
import type { Engine, Surroundings } from './surroundings.ts'

type Mode = 'all_or_nothing' | 'keep_going'
const modes: Mode[] = ['all_or_nothing', 'keep_going']

/** A play of a scenario with one seed. `again`: how many of its runs took more than one attempt. */
export type Report = Faults & { scenario: string; engine: Engine; seed: number; runs: number; again: number }

type Played = { run: ClusterRun; target: FaultTarget; mode: Mode }

const records = 4_000
const runsAtOnce = 3
const endLimitMs = 90_000
const tidyLimitMs = 20_000

/** A cluster on which scenarios are played one after the other: restores at a random moment of which something bad happens. */
export class Stage {
  readonly #surroundings: Surroundings
  readonly #cluster: Cluster
  readonly #targets: FaultTargets
  readonly #fixtures = new Map(modes.map((mode) => [mode, libraryFixture(records, { bad: mode === 'keep_going' })]))
  readonly #expected = new Map<Mode, Expected>()
  readonly #traces = new Map<Mode, Signal[]>()
  #count = 0

  private constructor(surroundings: Surroundings, cluster: Cluster) {
    this.#surroundings = surroundings
    this.#cluster = cluster
    this.#targets = postgresTargets(surroundings.targets)
  }

  /** Opens a cluster, and learns how runs go that nobody disturbs. */
  static async open(engine: Engine, surroundings: Surroundings, options: ClusterOptions = {}): Promise<Stage> {
    const stage = new Stage(surroundings, await Cluster.open(engine, surroundings, options))
    try {
      for (const mode of modes) await stage.#undisturbed(mode)
    } catch (error) {
      await stage.close()
      throw error
    }
    return stage
  }

  async close(): Promise<void> {
    await this.#cluster.close()
  }

  async play(scenario: Scenario, seed: number): Promise<Report> {
    const random = new SeededRandom(seed)
    const report: Report = { scenario: scenario.name, engine: this.#cluster.engine, seed, runs: 0, again: 0, ...noFaults() }
    const played: Played[] = []
    try {
      for (let count = 0; count < runsAtOnce; count++) played.push(await this.#start(random.pick(modes), random))
      await this.#disturb(scenario, played, random)
      for (const one of played) await this.#judge(scenario, one, report)
    } catch (error) {
      report.other.push(error instanceof Error ? error.message : String(error))
    } finally {
      for (const { run } of played) run.close()
    }
    await this.#cluster.heal()
    report.other.push(...this.#cluster.faults.splice(0))
    return report
  }

  async #start(mode: Mode, random: SeededRandom): Promise<Played> {
    const target = await this.#targets.create()
    const api = await this.#cluster.admin()
    const json = { name: `library ${++this.#count}`, url: target.url }
    const { status, text, body } = await api.request<{ target: { id: string } }>('POST', paths.targets, { json })
    if (status !== 201) throw new Error(`the target answered ${status}: ${text}`)
    const options = { name: 'library.json', target: body.target.id, options: { mode } }
    return { run: await ClusterRun.start(this.#cluster, random, this.#fixtures.get(mode)!, options), target, mode }
  }

  async #undisturbed(mode: Mode): Promise<void> {
    const random = new SeededRandom(0)
    const { run, target } = await this.#start(mode, random)
    const signals = this.#signalsOf(run)
    await signals.ended()
    const view = await run.ended(endLimitMs)
    this.#expected.set(mode, { status: view.status, ledger: view.ledger, content: await target.content(), rejected: await run.rejected() })
    this.#traces.set(mode, signals.seen)
    signals.close()
    run.close()
  }

  #signalsOf(run: ClusterRun): RunSignals {
    const { url, token } = run.socketAt
    return new RunSignals({ url, importId: run.importId, token, dataDir: this.#cluster.dataDir, targetFile: null })
  }

  async #disturb(scenario: Scenario, played: Played[], random: SeededRandom): Promise<void> {
    const { run, mode, target } = random.pick(played)
    const signals = this.#signalsOf(run)
    const [point] = killPoints(this.#traces.get(mode)!, phaseCount, random).slice(random.between(0, (scenario.early ? earlyCount : phaseCount) - 1))
    await bounded(endLimitMs, signals.reached(point!), () => `the moment ${JSON.stringify(point)} of ${run.importId}`)
    signals.close()
    await scenario.disturb({ cluster: this.#cluster, surroundings: this.#surroundings, run, target, runs: played.map((one) => one.run), random })
  }

  async #judge(scenario: Scenario, { run, target, mode }: Played, report: Report): Promise<void> {
    report.runs += 1
    const view = await run.ended(scenario.limitMs ?? endLimitMs)
    await this.#cluster.heal()
    const events = await checkLog(run, view, report)
    if (view.attempt > 1) report.again += 1
    checkEnd(view, { content: await target.content(), rejected: await run.rejected() }, this.#expected.get(mode)!, report)
    report.other.push(...(await target.faults()))
    if (!(await this.#tidied(target))) report.other.push('a checkpoint was left in the target')
    scenario.check?.({ view, events, faults: report })
  }

  async #tidied(target: FaultTarget): Promise<boolean> {
    const until = performance.now() + tidyLimitMs
    while (await target.hasCheckpoint()) {
      if (performance.now() > until) return false
      await delay(100)
    }
    return true
  }
}

/** `start` and `check` of the phases of a run. */
const earlyCount = 2
const phaseCount = 6
