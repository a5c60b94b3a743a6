import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Stage } from '../test/faults/cluster/stage.ts'
import { count, faultsOf, sumOf, tableOf, textOf } from '../test/faults/cluster/summary.ts'
import type { Table } from '../test/faults/cluster/summary.ts'
import { openSurroundings } from '../test/faults/cluster/surroundings.ts'
import type { Engine, Surroundings } from '../test/faults/cluster/surroundings.ts'
import type { Scenario } from '../test/faults/cluster/scenario.ts'
import { lostAtDefaults } from '../test/faults/scenarios/lost-at-defaults.ts'
import { scenariosOf } from '../test/faults/scenarios/all-scenarios.ts'

/**
 * `npm run faults -- [--seeds 100] [--first SEED] [--only WORDS] [--engine embedded|distributed] [--away 5,40,120] [--defaults N] [--minutes M] [--out FILE]`:
 * so many plays of the fault suite, each with a seed of its own, which also chooses its scenario. Prints each play that found something, and a table at the
 * end. A seed printed here repeats its play: `--first SEED --seeds 1 --engine … --only …`. Ends its servers also at Ctrl-C.
 *
 * `--away`: for how many seconds Redis is unreachable. `--defaults`: so many more plays with the default lease, which tell how long a run waited whose worker
 * died. `--minutes`: begins no play so long after the first. `--out`: adds the table to the one in FILE, so that many plays can be had in portions.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: 'string', default: '' },
    engine: { type: 'string' },
    away: { type: 'string', default: '5' },
    minutes: { type: 'string', default: 'Infinity' },
    out: { type: 'string' },
    defaults: { type: 'string', default: '0' },
  },
})
/** A cluster that has seen many faults makes room for a new one, so that logs and databases do not grow for ever. */
const playsOnOneStage = 100

const engines: Engine[] = values.engine === 'embedded' || values.engine === 'distributed' ? [values.engine] : ['embedded', 'distributed']
/** Counts from the first play: to start all the servers takes its time. */
let until = Infinity
const stopped = new AbortController()
const interrupted = once(stopped.signal, 'abort').then(() => null)
const mayPlay = (): boolean => !stopped.signal.aborted && performance.now() < until

async function playSome(engine: Engine, seeds: number[], surroundings: Surroundings, table: Table): Promise<void> {
  const scenarios = scenariosOf(engine, values.away.split(',').map(Number)).filter(({ name }) => name.includes(values.only))
  if (scenarios.length === 0 || seeds.length === 0 || !mayPlay()) return
  await playOn(engine, await Stage.open(engine, surroundings), scenarios, seeds, table)
}

async function playOn(engine: Engine, stage: Stage, scenarios: Scenario[], seeds: number[], table: Table): Promise<void> {
  until = Math.min(until, performance.now() + Number(values.minutes) * 60_000)
  try {
    for (const seed of seeds) {
      if (!mayPlay()) return
      const scenario = scenarios[Math.floor(seed / engines.length) % scenarios.length]!
      const report = await Promise.race([stage.play(scenario, seed), interrupted])
      // What was interrupted tells nothing.
      if (report === null || stopped.signal.aborted) return
      count(table, report)
      const faults = faultsOf(report)
      if (faults.length > 0) console.log(`✗ ${engine}, ${report.scenario}, seed ${seed}\n${faults.map((fault) => `    ${fault}\n`).join('')}`)
    }
  } finally {
    await stage.close()
  }
}

async function playAtDefaults(surroundings: Surroundings, first: number, table: Table): Promise<void> {
  if (Number(values.defaults) === 0 || !mayPlay()) return
  const scenario = lostAtDefaults((seconds) => console.log(`at default settings, a run whose worker died went on after ${seconds.toFixed(1)} s`))
  const seeds = Array.from({ length: Number(values.defaults) }, (_none, index) => first + index)
  await playOn('distributed', await Stage.open('distributed', surroundings, { env: { LEASE_SECONDS: '30' } }), [scenario], seeds, table)
}

async function playAll(surroundings: Surroundings, table: Table): Promise<void> {
  const [seeds, first] = [Number(values.seeds), Number(values.first)]
  console.log(`${seeds} plays from seed ${first}`)
  for (let done = 0; done < seeds && mayPlay(); done += playsOnOneStage) {
    const some = Array.from({ length: Math.min(playsOnOneStage, seeds - done) }, (_none, index) => first + done + index)
    // Every other seed is for the other engine.
    for (const [at, engine] of engines.entries()) {
      const own = some.filter((_seed, index) => index % engines.length === at)
      await playSome(engine, own, surroundings, table)
    }
  }
  await playAtDefaults(surroundings, first, table)
}

async function main(): Promise<void> {
  const table: Table = new Map()
  const surroundings = await openSurroundings()
  try {
    await playAll(surroundings, table)
  } finally {
    await surroundings.close()
  }
  console.log(textOf(table))
  if (values.out !== undefined) {
    const before = existsSync(values.out) ? readFileSync(values.out, 'utf8') : ''
    writeFileSync(values.out, `${textOf(sumOf([tableOf(before), table]))}\n`)
  }
  const faults = [...table.values()].some((figures) => figures.slice(3).some((figure) => figure > 0))
  process.exitCode = faults ? 1 : 0
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
await main()
// A play that was interrupted still waits for what does not come any more.
if (stopped.signal.aborted) process.exit(1)
