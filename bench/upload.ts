import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { loginCookie, paths } from '../shared/protocol/paths.ts'
import type { StartAnswer } from '../shared/protocol/views.ts'
import { ServerProcess } from '../test/support/server-process.ts'
import { begin, startUploads } from '../test/support/tus.ts'
import { median } from './median.ts'

const mebi = 1024 * 1024
const here = path.join(import.meta.dirname, 'upload')

type Sent = { seconds: number; status: number; text: string }
type Ours = Sent & { growth: number; before: number }

/** What is promised of each way, as a share of the bare server's rate. */
const ways = { form: 0.9, tus: 0.75 } as const
type Way = keyof typeof ways

/**
 * `npm run bench -- upload [MIB] [ROUNDS]`: the form upload and the upload by tus of the running server against a bare Node server that pipes the request
 * into a file and hashes it, in turns; servers and client are processes of their own, ours a fresh one each time. Promised: at least 0.9 and 0.75 of its rate, and less than 64 MiB more
 * memory.
 */
export async function run(args: string[]): Promise<void> {
  const [size = 1024, rounds = 3] = args.map(Number)
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  const ratios: Record<Way, number[]> = { form: [], tus: [] }
  try {
    for (let round = 1; round <= rounds; round++) {
      const bare = await sendToBare(folder, size * mebi)
      console.log(`round ${round}: bare ${Math.round(size / bare.seconds)} MiB/s`)
      for (const way of ['form', 'tus'] as const) {
        const ours = await sendToFresh(way, size * mebi)
        const ratio = bare.seconds / ours.seconds
        ratios[way].push(ratio)
        const memory = `memory +${Math.round(ours.growth / mebi)} MiB (from ${Math.round(ours.before / mebi)})`
        console.log(`  ${way}: ${Math.round(size / ours.seconds)} MiB/s, ratio ${ratio.toFixed(2)}, ${memory}`)
      }
    }
    for (const way of ['form', 'tus'] as const) {
      console.log(`${way}: median ratio ${median(ratios[way]).toFixed(2)} (promised: ${ways[way].toFixed(2)})`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function send(...args: string[]): Promise<Sent> {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(here, 'client.ts'), ...args])
  return JSON.parse(stdout) as Sent
}

async function sendToBare(folder: string, bytes: number): Promise<Sent> {
  const bare = spawn(process.execPath, [path.join(here, 'bare-server.ts'), path.join(folder, 'bare')], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [said] = (await once(bare.stdout, 'data')) as [Buffer]
    return await send(said.toString('utf8').trim().split(' ').at(-1)!, String(bytes))
  } finally {
    bare.kill()
    await once(bare, 'exit')
    await rm(path.join(folder, 'bare'), { force: true })
  }
}

/** To a server of its own: what it holds of an upload before is no matter. */
async function sendToFresh(way: Way, bytes: number): Promise<Ours> {
  const server = await ServerProcess.start({ LOG_LEVEL: 'warn' })
  try {
    return await sendToOurs(server, bytes, way)
  } finally {
    await server.close()
  }
}

async function sendToOurs(server: ServerProcess, bytes: number, way: Way): Promise<Ours> {
  const api = await server.admin()
  const cookie = `${loginCookie}=${api.cookies.value(loginCookie)}`
  const begun = way === 'tus' ? await begin(api, bytes, { filename: 'bench.json' }) : null
  const before = await server.rss()
  let peak = before
  const sampler = setInterval(() => {
    void server.rss().then((rss) => {
      peak = Math.max(peak, rss)
    })
  }, 20)
  try {
    const sent = await send(server.url + (begun ? begun.url : paths.imports), String(bytes), way, cookie)
    if (sent.status !== (begun ? 204 : 201)) throw new Error(`the server answered ${sent.status}: ${sent.text}`)
    clearInterval(sampler)
    const again = { kind: 'restore', options: '{"again":true}' }
    const importId = begun ? (await startUploads(api, [begun.id], again)).body.import.id : (JSON.parse(sent.text) as StartAnswer).import.id
    await api.ended(importId)
    return { ...sent, growth: peak - before, before }
  } finally {
    clearInterval(sampler)
  }
}
