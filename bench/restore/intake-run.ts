import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'
import { sendForm } from './send-form.ts'

export type Measured = { seconds: number; peakRssMb: number; idleRssMb: number; view: ImportView }

const main = path.join(import.meta.dirname, '..', '..', 'server', 'main.ts')

type Place = { url: string; dataDir: string }
type Work = { kind: 'restore' | 'commerce'; files: string[]; options: object }

/**
 * A server of its own, in a process of its own, that restores one fixture; from the first byte of the upload to the end of the run. It is the second start
 * of that server, after one that tried a small fixture: on the first, everything has to be compiled once.
 */
export async function measureRestore(fixtures: { small: string; measured: string }, place: Place): Promise<Measured> {
  const session = await withServer(place, async ({ address }) => {
    const cookie = await login(address)
    const targetId = await addTarget(address, cookie, place.url)
    const run = await start({ address, cookie, targetId, kind: 'restore', files: [fixtures.small], options: { dryRun: true } })
    await ended({ address, cookie }, run.id)
    return { cookie, targetId }
  })
  return await withServer(
    place,
    async ({ address, pid }) => await measured({ address, ...session, kind: 'restore', files: [fixtures.measured], options: {} }, pid),
  )
}

/** A server of its own, and runs on it, one after the other. */
export async function measureRuns(runs: Work[], place: Place): Promise<Measured[]> {
  return await withServer(place, async ({ address, pid }) => {
    const cookie = await login(address)
    const targetId = await addTarget(address, cookie, place.url)
    const all: Measured[] = []
    for (const work of runs) all.push(await measured({ address, cookie, targetId, ...work }, pid))
    return all
  })
}

async function withServer<T>(place: Place, work: (server: { address: string; pid: number }) => Promise<T>): Promise<T> {
  const env = {
    PATH: process.env['PATH'],
    DATA_DIR: place.dataDir,
    PORT: '0',
    ADMIN_PASSWORD: 'bench-password',
    LOG_LEVEL: 'warn',
    SQLITE_DIRS: place.dataDir,
  }
  const server = spawn('node', [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    return await work({ address: await listening(server), pid: server.pid! })
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
}

async function listening(server: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of server.stdout!) {
    text += String(chunk)
    const match = /listening on (http:\S+)/.exec(text)
    if (match) return match[1]!
  }
  throw new Error('the server did not start')
}

async function login(address: string): Promise<string> {
  const answer = await fetch(`${address}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'admin', password: 'bench-password' }),
  })
  return answer.headers.getSetCookie()[0]!.split(';')[0]!
}

async function addTarget(address: string, cookie: string, url: string): Promise<string> {
  const answer = await fetch(`${address}/api/targets`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', url }),
  })
  const body = (await answer.json()) as { target?: { id: string } }
  if (!body.target) throw new Error(`the target was refused: ${JSON.stringify(body)}`)
  return body.target.id
}

type Start = { address: string; cookie: string; targetId: string } & Work

async function measured(run: Start, pid: number): Promise<Measured> {
  const idleRssMb = await rssMb(pid)
  let peakRssMb = idleRssMb
  const sampler = setInterval(() => void rssMb(pid).then((mb) => (peakRssMb = Math.max(peakRssMb, mb))), 50)
  const from = performance.now()
  try {
    const started = await start(run)
    const view = await ended(run, started.id)
    return { seconds: (performance.now() - from) / 1000, peakRssMb, idleRssMb, view }
  } finally {
    clearInterval(sampler)
  }
}

async function start(run: Start): Promise<ImportView> {
  const fields = { kind: run.kind, target: run.targetId, options: JSON.stringify(run.options) }
  const body = (await sendForm(`${run.address}/api/imports`, { cookie: run.cookie }, fields, run.files)) as { import?: ImportView }
  if (!body.import) throw new Error(`the run was refused: ${JSON.stringify(body)}`)
  return body.import
}

/** The followed log ends with the run. */
async function ended({ address, cookie }: { address: string; cookie: string }, id: string): Promise<ImportView> {
  for (;;) {
    await fetch(`${address}/api/imports/${id}/log?follow=1`, { headers: { cookie } }).then(async (answer) => await answer.text())
    const answer = await fetch(`${address}/api/imports/${id}`, { headers: { cookie } })
    const { import: view } = (await answer.json()) as { import: ImportView }
    if (isFinal(view.status)) return view
  }
}

async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}
