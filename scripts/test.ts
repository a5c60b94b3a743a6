import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toolEnvironment } from './root.ts'
import { kernelLines } from './testing/kernel-log.ts'
import { installMissing, tools, versionOf } from './testing/machine.ts'
import { chooseParts, partNames } from './testing/parts.ts'
import type { Part } from './testing/parts.ts'
import { reportPart } from './testing/report-progress.ts'
import { count, inWords, sum } from './testing/reports.ts'
import type { Counts } from './testing/reports.ts'
import { startPostgres, startRedis } from './testing/services.ts'
import type { Service } from './testing/services.ts'
import { endStrays, runMarker } from './testing/strays.ts'

const partLimitMs = 35 * 60_000

const stop = new AbortController()

/** The servers that tests use, one of each for the whole run, as environment for the tests. */
async function startServices(services: Service[]): Promise<Record<string, string>> {
  const env: Record<string, string> = {}
  const start = async (name: string, program: string | null, starter: (program: string) => Promise<Service>): Promise<void> => {
    if (process.env[name] !== undefined || program === null) return
    const service = await starter(program)
    services.push(service)
    env[name] = service.url
  }
  await start('INTAKE_TEST_PG_URL', tools.postgres.find(), startPostgres)
  await start('INTAKE_TEST_REDIS_URL', tools.redis.find(), startRedis)
  return env
}

function reportMachine(): void {
  console.log(`Node ${process.versions.node}`)
  for (const tool of Object.values(tools)) {
    const path = tool.find()
    console.log(path === null ? `${tool.name} is not installed: the tests that need it are skipped` : versionOf(tool, path))
  }
}

async function runParts(parts: Part[], env: NodeJS.ProcessEnv, folder: string): Promise<Counts[]> {
  const counts: Counts[] = []
  for (const part of parts) {
    if (stop.signal.aborted) break
    const started = performance.now()
    const known = new Set(kernelLines())
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(partLimitMs)])
    const result = await part.run({ env, folder, browser: tools.chromium.find() !== null, signal })
    counts.push(result.counts)
    reportPart(part.name, result, performance.now() - started)
    // A process that crashed says nothing itself.
    if (result.counts.failed.length > 0) for (const line of kernelLines().filter((each) => !known.has(each))) console.log(`    kernel: ${line}`)
  }
  return counts
}

async function runAll(parts: Part[]): Promise<Counts> {
  const failedInstall = await installMissing(Object.values(tools))
  if (failedInstall !== null) console.log(failedInstall)
  reportMachine()
  const run = randomUUID()
  const folder = mkdtempSync(join(tmpdir(), 'intake-test-'))
  const services: Service[] = []
  try {
    const env = toolEnvironment({ [runMarker]: run, ...(await startServices(services)) })
    const counts = sum(await runParts(parts, env, folder))
    const strays = await endStrays(run)
    for (const command of strays) console.log(`✗ left running: ${command}`)
    return sum([counts, count(strays.map((name) => ({ name: `left running: ${name}`, verdict: 'failed' })))])
  } finally {
    for (const service of services.toReversed()) await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function isCi(): boolean {
  return !['', '0', 'false', undefined].includes(process.env['CI'])
}

/** `npm test` runs everything, `npm test -- unit e2e` the parts named. The last line counts all tests of all parts. */
async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  // Whoever read our lines has gone (npm test | head): end in order, so that no server is left behind.
  process.stdout.on('error', () => stop.abort())
  const parts = chooseParts(process.argv.slice(2))
  if (parts === null) {
    console.error(`npm test runs everything, npm test -- NAME… the parts named: ${partNames.join(', ')}`)
    process.exitCode = 1
    return
  }
  const counts = await runAll(parts).catch((error: unknown) => {
    console.error(error)
    return count([{ name: 'the run itself', verdict: 'failed' }])
  })
  const failed = counts.failed.length > 0 || stop.signal.aborted || (isCi() && counts.skipped.length > 0)
  if (counts.skipped.length > 0) console.log(`\n${['skipped', ...counts.skipped].join('\n  ')}`)
  if (isCi() && counts.skipped.length > 0) console.log('In CI a skipped test is a failure.')
  if (stop.signal.aborted) console.log('Stopped before the end.')
  console.log(`\n${inWords(counts)}`)
  process.exitCode = failed ? 1 : 0
}

await main()
