import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { loginCookie } from '../shared/protocol/paths.ts'
import type { StartAnswer } from '../shared/protocol/views.ts'
import { ServerProcess } from '../test/support/server-process.ts'

const mebi = 1024 * 1024
const here = path.join(import.meta.dirname, 'upload')

type Sent = { seconds: number; status: number; text: string }

/**
 * `npm run bench -- upload [MIB] [ROUNDS]`: the form upload of the running server against a bare Node server that pipes the request into a file and
 * hashes it, in turns; servers and client are processes of their own. Promised: at least 0.9 of its rate, and less than 64 MiB more memory.
 */
export async function run(args: string[]): Promise<void> {
  const [size = 1024, rounds = 3] = args.map(Number)
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  const server = await ServerProcess.start({ DATA_DIR: path.join(folder, 'data'), LOG_LEVEL: 'warn' })
  try {
    const ratios: number[] = []
    for (let round = 1; round <= rounds; round++) {
      const bare = await sendToBare(folder, size * mebi)
      const ours = await sendToOurs(server, size * mebi)
      ratios.push(bare.seconds / ours.seconds)
      const rate = ({ seconds }: Sent) => `${Math.round(size / seconds)} MiB/s`
      console.log(
        `round ${round}: bare ${rate(bare)}, Intake ${rate(ours)}, ratio ${ratios.at(-1)!.toFixed(2)}, memory +${Math.round(ours.growth / mebi)} MiB (from ${Math.round(ours.before / mebi)})`,
      )
    }
    console.log(`median ratio ${ratios.toSorted((a, b) => a - b)[Math.floor(rounds / 2)]!.toFixed(2)} (promised: 0.90)`)
  } finally {
    await server.close()
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

async function sendToOurs(server: ServerProcess, bytes: number): Promise<Sent & { growth: number; before: number }> {
  const api = await server.admin()
  const before = await server.rss()
  let peak = before
  const sampler = setInterval(() => {
    void server.rss().then((rss) => {
      peak = Math.max(peak, rss)
    })
  }, 20)
  try {
    const sent = await send(`${server.url}/api/imports`, String(bytes), `${loginCookie}=${api.cookies.value(loginCookie)}`)
    if (sent.status !== 201) throw new Error(`the start answered ${sent.status}: ${sent.text}`)
    clearInterval(sampler)
    await api.ended((JSON.parse(sent.text) as StartAnswer).import.id)
    return { ...sent, growth: peak - before, before }
  } finally {
    clearInterval(sampler)
  }
}
