import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { StartAnswer } from '../../../shared/protocol/views.ts'
import { startCuttingProxy } from '../../support/cutting-proxy.ts'
import { CliServer } from './cli-server.ts'
import { asAdmin } from './command-line.ts'

const mib = 1024 * 1024

describe('intake start', () => {
  const server = new CliServer()

  it('sends a large file on after cuts, beside a small one, in their order', async () => {
    const large = Buffer.from(`[{"log":"${'large '.repeat(11.5 * mib)}"}]`)
    const small = Buffer.from('[{"log":"small"}]')
    const files = [path.join(server.folder, 'large.json'), path.join(server.folder, 'small.json')] as const
    await writeFile(files[0], large)
    await writeFile(files[1], small)
    const proxy = await startCuttingProxy(server.app.url, [20 * mib, 30 * mib])
    try {
      const { code, out, err } = await server.command(['start', 'table', ...files, '--json'], { env: asAdmin(proxy.url) }).done
      expect({ code, err }).toEqual({ code: 0, err: '' })
      const sums = [large, small].map((bytes) => createHash('sha256').update(bytes).digest('hex'))
      expect((JSON.parse(out) as StartAnswer).import.files.map(({ name, sha256 }) => [name, sha256])).toEqual([
        ['large.json', sums[0]],
        ['small.json', sums[1]],
      ])
      expect(proxy.cuts()).toBe(2)
      await (await server.app.admin()).ended((JSON.parse(out) as StartAnswer).import.id)
    } finally {
      await proxy.close()
    }
  })
})
