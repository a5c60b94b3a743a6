import type { Scenario } from '../cluster/scenario.ts'
import type { Engine } from '../cluster/surroundings.ts'
import { databaseScenarios } from './database-scenarios.ts'
import { processScenarios } from './process-scenarios.ts'
import { redisScenarios } from './redis-scenarios.ts'

/** Every scenario of an engine. `away`: for how many seconds Redis stands still, one scenario for each. */
export function scenariosOf(engine: Engine, away: number[]): Scenario[] {
  return [...processScenarios, ...redisScenarios(away), ...databaseScenarios].filter(({ engines }) => engines.includes(engine))
}
