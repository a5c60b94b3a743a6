import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../../scripts/root.ts'

describe('npm start', () => {
  let folder: string
  let child: ChildProcess
  let said: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'intake-start-'))
    said = ''
    child = spawn(process.execPath, ['scripts/run.js', 'scripts/start.ts'], { cwd: root, env: { ...process.env, DATA_DIR: folder, PORT: '0' } })
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
  })

  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true })
  })

  /** Waits until the process has said it, and answers all that it has said. */
  async function hears(text: RegExp): Promise<string> {
    while (!text.test(said)) {
      if (child.exitCode !== null) throw new Error(`ended before it said ${text.source}: ${said}`)
      await Promise.race([once(child.stdout!, 'data'), once(child.stderr!, 'data'), once(child, 'exit')])
    }
    return said
  }

  it('serves the built page and the API', async () => {
    const address = /listening on (\S+)/.exec(await hears(/listening on \S+\n/))?.[1]
    const page = await fetch(`${address}/`)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<div id="app"')
    const login = await fetch(`${address}/api/me`)
    expect(login.status).toBe(401)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('stops cleanly at %s, which npm sends a second time', async (signal) => {
    await hears(/listening on \S+\n/)
    const closed = once(child, 'close')
    const since = performance.now()
    child.kill(signal)
    await hears(/"msg":"stopping"/)
    child.kill(signal)
    const isEcho = performance.now() < since + 1_000
    const end = await closed
    // One that comes later is meant, and ends the server at once.
    if (!isEcho) return
    expect(end).toEqual([0, null])
    expect(said).toContain('"msg":"stopped"')
  })
})
