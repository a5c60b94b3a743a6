import path from 'node:path'
import { createServer } from 'vite'
import type { ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'

let server: ViteDevServer
beforeAll(async () => {
  const root = path.join(import.meta.dirname, '../..')
  server = await createServer({
    configFile: path.join(root, 'vite.config.ts'),
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0, hmr: false },
  })
  await server.listen()
})
afterAll(async () => await server?.close())

const typeOf = async (address: string) => (await fetch(new URL(address, server.resolvedUrls?.local[0]))).headers.get('content-type')

it('while the page is developed its own modules under /api come from it, and all else there from the server', async () => {
  expect(await typeOf('/api/request.ts')).toBe('text/javascript')
  expect(await typeOf('/api/request.ts?t=1')).toBe('text/javascript')
  for (const asked of ['/api/me', '/api/imports?q=request.ts']) expect(await typeOf(asked), asked).not.toMatch(/javascript|html/)
})
