import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { endStrays, runMarker } from '../../scripts/testing/strays.ts'

const script = 'process.stdin.resume(); console.log("here")'

describe.runIf(process.platform === 'linux')('a process that a test run leaves behind', () => {
  it('is ended and named, though it has left the process group', async () => {
    const run = randomUUID()
    const child = spawn(process.execPath, ['-e', script], {
      detached: true,
      env: { ...process.env, [runMarker]: run },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    await once(child.stdout, 'data')
    const exit = once(child, 'exit')
    expect(await endStrays(randomUUID(), 0)).toEqual([])
    expect(await endStrays(run, 0)).toEqual([`${process.execPath} -e ${script}`])
    expect(await exit).toEqual([null, 'SIGKILL'])
  })
})
