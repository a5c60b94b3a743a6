import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { ImportView } from '../../shared/protocol/views.ts'
import { isFinal } from '../../shared/session-status.ts'

export type Measured = { seconds: number; peakRssMb: number; idleRssMb: number; view: ImportView }

const main = path.join(import.meta.dirname, '..', '..', 'server', 'main.ts')

/** A server of its own, in a process of its own, that restores one fixture; from the first byte of the upload to the end of the run. */
export async function measureRestore(fixture: string, target: { url: string; dataDir: string }): Promise<Measured> {
  const server = spawn('node', [main], {
    env: {
      PATH: process.env['PATH'],
      DATA_DIR: target.dataDir,
      PORT: '0',
      ADMIN_PASSWORD: 'bench-password',
      LOG_LEVEL: 'warn',
      SQLITE_DIRS: target.dataDir,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const address = await listening(server)
    const cookie = await login(address)
    const targetId = await addTarget(address, cookie, target.url)
    return await restore({ address, cookie, targetId, fixture, pid: server.pid! })
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

async function restore(run: { address: string; cookie: string; targetId: string; fixture: string; pid: number }): Promise<Measured> {
  const idleRssMb = await rssMb(run.pid)
  let peakRssMb = idleRssMb
  const sampler = setInterval(() => void rssMb(run.pid).then((mb) => (peakRssMb = Math.max(peakRssMb, mb))), 50)
  const start = performance.now()
  try {
    const form = new FormData()
    form.set('kind', 'restore')
    form.set('target', run.targetId)
    form.set('options', '{}')
    form.append('file', await openAsBlob(run.fixture), path.basename(run.fixture))
    const answer = await fetch(`${run.address}/api/imports`, { method: 'POST', headers: { cookie: run.cookie }, body: form })
    const { import: started } = (await answer.json()) as { import: ImportView }
    const view = await ended(run, started.id)
    return { seconds: (performance.now() - start) / 1000, peakRssMb, idleRssMb, view }
  } finally {
    clearInterval(sampler)
  }
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
