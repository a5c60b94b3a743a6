import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildClient } from '../client-build.ts'
import { root } from '../root.ts'
import { runCommand } from '../run-command.ts'
import { count, notRun, readPlaywrightReport, readVitestList, readVitestReport, sum } from './reports.ts'
import type { Counts } from './reports.ts'

/** What a part of the run is given. */
export type Surroundings = {
  env: NodeJS.ProcessEnv
  /** Folder for reports. */
  folder: string
  /** Whether there is a Chromium; without, what needs it is counted as skipped. */
  browser: boolean
  signal: AbortSignal
}

export type Result = { counts: Counts; output: string }

export type Part = { name: string; run: (surroundings: Surroundings) => Promise<Result> }

/** A check by a tool: one test, which is passed when the tool ends with 0. */
function check(name: string, command: string, ...args: string[]): Part {
  return {
    name,
    run: async ({ env, signal }) => {
      const { code, output } = await runCommand({ command, args, env, signal })
      return { counts: count([{ name, verdict: code === 0 ? 'passed' : 'failed' }]), output }
    },
  }
}

const build: Part = {
  name: 'build',
  run: async ({ signal }) => {
    const { ok, output } = await buildClient(signal)
    return { counts: count([{ name: 'build', verdict: ok ? 'passed' : 'failed' }]), output }
  },
}

const checks: Part[] = [
  check('types of the server', 'tsc', '-p', 'tsconfig.json', '--noEmit'),
  check('types of the client', 'vue-tsc', '-p', 'client/tsconfig.json', '--noEmit'),
  check('lint', 'oxlint'),
  check('lint of templates', 'eslint', '--max-warnings', '0', 'client'),
  check('format', 'oxfmt', '--check'),
  check('dead code', 'knip'),
]

/** Projects of Vitest that drive a browser are called `client…`. */
const unit: Part = {
  name: 'unit',
  run: async (surroundings) => {
    if (surroundings.browser) return await runVitest('unit', ['--project=!faults'], surroundings)
    const { counts, output } = await runVitest('unit', ['--project=!faults', '--project=!client*'], surroundings)
    return { counts: sum([counts, await listAsSkipped('--project=client*', surroundings)]), output }
  },
}

async function listAsSkipped(project: string, surroundings: Surroundings): Promise<Counts> {
  const list = join(surroundings.folder, 'skipped.json')
  const code = await listTests(list, ['--staticParse', project], surroundings)
  return readReport(list, (text) => readVitestList(text, root), code)
}

const faults: Part = { name: 'faults', run: (surroundings) => runVitest('faults', ['--project=faults'], surroundings) }

const e2e: Part = {
  name: 'e2e',
  run: async ({ env, folder, browser, signal }) => {
    const report = join(folder, 'e2e.json')
    const args = ['test', ...(browser ? [] : ['--list'])]
    const { code, output } = await runCommand({ command: 'playwright', args, env: { ...env, INTAKE_TEST_REPORT: report }, signal })
    // A list tells its tests as skipped, which they are.
    return { counts: readReport(report, readPlaywrightReport, code), output }
  },
}

async function runVitest(name: string, projects: string[], surroundings: Surroundings): Promise<Result> {
  const { env, folder, signal } = surroundings
  const [list, report] = [join(folder, `${name}-files.json`), join(folder, `${name}.json`)]
  const listCode = await listTests(list, ['--filesOnly', ...projects], surroundings)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code, output } = await runCommand({ command: 'vitest', args: ['run', ...reporters, ...projects], env, signal })
  const counts = readReport(report, (text) => readVitestReport(text, root), code)
  const left = readReport(list, (text) => notRun(text, readFileSync(report, 'utf8'), root), listCode)
  return { counts: sum([counts, left]), output }
}

async function listTests(file: string, args: string[], { env, signal }: Surroundings): Promise<number> {
  const { code } = await runCommand({ command: 'vitest', args: ['list', `--json=${file}`, ...args], env, signal })
  return code
}

/** Counts of a report. A tool that left none, or ended badly while its report knows of no failure, is a failure itself. */
function readReport(path: string, read: (text: string) => Counts, code: number): Counts {
  const counts = parse(path, read)
  const silent = counts.failed.length === 0 && code !== 0
  return silent ? sum([counts, count([{ name: `ended with code ${code}`, verdict: 'failed' }])]) : counts
}

function parse(path: string, read: (text: string) => Counts): Counts {
  try {
    return read(readFileSync(path, 'utf8'))
  } catch (error) {
    return count([{ name: `report: ${error instanceof Error ? error.message : String(error)}`, verdict: 'failed' }])
  }
}

/** The parts of the whole run in their order, under the names that choose them. `build` goes with what needs the built page. */
const partsByName: Record<string, Part[]> = { static: [build, ...checks], unit: [unit], e2e: [build, e2e], faults: [faults] }

/** The parts to run for the names given, all when there are none; null when a name is of none. */
export function chooseParts(names: string[]): Part[] | null {
  if (!names.every((name) => name in partsByName)) return null
  const chosen = Object.entries(partsByName).filter(([name]) => names.length === 0 || names.includes(name))
  return [...new Set(chosen.flatMap(([, parts]) => parts))]
}

export const partNames = Object.keys(partsByName)
