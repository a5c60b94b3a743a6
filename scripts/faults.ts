import { parseArgs } from 'node:util'
import { openSurroundings } from '../test/faults/cluster/surroundings.ts'
import type { Engine, Surroundings } from '../test/faults/cluster/surroundings.ts'
import { Stage } from '../test/faults/cluster/stage.ts'
import type { Report } from '../test/faults/cluster/stage.ts'
import { faultsOf, summaryOf } from '../test/faults/cluster/summary.ts'
import { scenariosOf } from '../test/faults/scenarios/all-scenarios.ts'

/**
 * `npm run faults -- [--seeds 100] [--first SEED] [--only WORDS] [--engine embedded|distributed]`: so many plays of the fault suite, each with a seed of its
 * own, the scenarios in turn. Prints each play that found something, and a table at the end. A seed printed here repeats its play: `--first SEED --seeds 1 --only …`.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    first: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: 'string', default: '' },
    engine: { type: 'string' },
  },
})
const awaySeconds = [5, 40, 120]
/** A cluster that has seen many faults makes room for a new one, so that logs and databases do not grow for ever. */
const playsOnOneStage = 100

const engines: Engine[] = values.engine === 'embedded' || values.engine === 'distributed' ? [values.engine] : ['embedded', 'distributed']
let stopped = false
process.once('SIGINT', () => (stopped = true))
process.once('SIGTERM', () => (stopped = true))

async function playAll(engine: Engine, first: number, count: number, surroundings: Surroundings, reports: Report[]): Promise<void> {
  const scenarios = scenariosOf(engine, awaySeconds).filter(({ name }) => name.includes(values.only))
  for (let done = 0; done < count && scenarios.length > 0 && !stopped; done += playsOnOneStage) {
    const stage = await Stage.open(engine, surroundings)
    try {
      for (let n = done; n < Math.min(count, done + playsOnOneStage) && !stopped; n++) {
        const report = await stage.play(scenarios[n % scenarios.length]!, first + n)
        reports.push(report)
        const faults = faultsOf(report)
        if (faults.length > 0)
          console.log(`✗ ${engine}, ${report.scenario}, seed ${report.seed}\n${faults.map((fault) => `    ${fault}\n`).join('')}`)
      }
    } finally {
      await stage.close()
    }
  }
}

async function main(): Promise<void> {
  const [seeds, first] = [Number(values.seeds), Number(values.first)]
  console.log(`${seeds} plays from seed ${first}`)
  const reports: Report[] = []
  const surroundings = await openSurroundings()
  try {
    for (const [index, engine] of engines.entries()) {
      const count = Math.floor((seeds + index) / engines.length)
      await playAll(engine, first, count, surroundings, reports)
    }
  } finally {
    await surroundings.close()
  }
  console.log(summaryOf(reports))
  process.exitCode = reports.some((report) => faultsOf(report).length > 0) ? 1 : 0
}

await main()
