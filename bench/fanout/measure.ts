import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { ClientsTask, Received } from './clients.ts'
import type { Pace } from './pace.ts'
import { cpuSeconds, residentBytes } from './process-figures.ts'
import type { Stage } from './stages.ts'

/** `cpuMicros`: processor time of the processes that send, for each message that arrived. `bytesPerSocket`: their memory, before anything was sent. */
export type Measured = Received & { cpuMicros: number; cores: number; workerCores: number; bytesPerSocket: number; seconds: number }

const linesPerBatch = 50

/** Opens a stage, lets so many clients watch it, and lets the run begin. Throws when a client does not get to its end. */
export async function measure(
  open: (pace: Pace) => Promise<Stage>,
  load: { clients: number; seconds: number; perSecond: number },
): Promise<Measured> {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  const start = path.join(folder, 'start')
  const { clients: count, seconds, perSecond } = load
  const stage = await open({ start, batches: seconds * perSecond, perSecond, lines: linesPerBatch })
  try {
    return await watchRun(stage, count, start)
  } finally {
    await stage.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function watchRun({ urls, importId, token, pids, others }: Stage, count: number, start: string): Promise<Measured> {
  const empty = await residentBytes(pids)
  const task: ClientsTask = { count, urls, importId, token }
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'clients.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  try {
    if ((await lines.next()).done) throw new Error('the clients ended before they watched')
    const full = await residentBytes(pids)
    const [before, others0, since] = [await cpuSeconds(pids), await cpuSeconds(others), performance.now()]
    await writeFile(start, '')
    const received = JSON.parse((await lines.next()).value ?? 'null') as Received | null
    if (!received) throw new Error('the clients ended before the run did')
    const [used, worked, seconds] = [(await cpuSeconds(pids)) - before, (await cpuSeconds(others)) - others0, (performance.now() - since) / 1000]
    return {
      ...received,
      seconds,
      cpuMicros: (used * 1e6) / received.messages,
      cores: used / seconds,
      workerCores: worked / seconds,
      bytesPerSocket: (full - empty) / count,
    }
  } finally {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}
