import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { buildClient, isStale } from '../scripts/client-build.ts'
import { root } from '../scripts/root.ts'
import { ServerProcess } from '../test/support/server-process.ts'
import { inWords, latencies } from './latency/figures.ts'
import type { Latencies } from './latency/figures.ts'
import { openLogPage } from './latency/page.ts'

const here = path.join(import.meta.dirname, 'latency')

/**
 * `npm run bench -- latency [SECONDS] [LINES A SECOND] [SOCKETS]`: from the importer's `log()` to the text in a real Chromium, while other sockets watch
 * the same run. Promised: p99 under 150 ms with 200 sockets.
 */
export async function run(args: string[]): Promise<void> {
  const [seconds = 30, perSecond = 50, sockets = 200] = args.map(Number)
  if (isStale(root)) await buildClient()
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  const server = await ServerProcess.start({ DATA_DIR: path.join(folder, 'data'), LOG_LEVEL: 'warn' }, { main: path.join(here, 'server.ts') })
  try {
    const measured = await measure(server, { start: path.join(folder, 'start'), lines: seconds * perSecond, perSecond, sockets })
    console.log(`${seconds} s, ${perSecond} lines a second, ${sockets} sockets`)
    console.log(inWords('sockets ', measured.sockets))
    console.log(inWords('Chromium', measured.page))
    console.log(`promise: p99 under 150 ms: ${measured.page.p99 < 150 && measured.page.count === seconds * perSecond ? 'kept' : 'NOT kept'}`)
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

type Load = { start: string; lines: number; perSecond: number; sockets: number }

async function measure(server: ServerProcess, { sockets, ...pace }: Load): Promise<{ page: Latencies; sockets: Latencies }> {
  const api = await server.admin()
  const started = await api.start(JSON.stringify([pace]), { kind: 'table', name: 'pace.json' })
  const { import: run, watch } = started.body
  const child = spawn(process.execPath, [path.join(here, 'sockets.ts'), server.url, run.id, watch.token, String(sockets)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const page = await openLogPage(api, run.id)
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await lines.next()
    await writeFile(pace.start, '')
    const inPage = latencies(await page.latenciesOf(pace.lines))
    const atSockets = JSON.parse((await lines.next()).value ?? 'null') as Latencies
    return { page: inPage, sockets: atSockets }
  } finally {
    await page.close()
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}
