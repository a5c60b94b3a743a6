import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { send } from '@koa/send'
import type Router from '@koa/router'
import type { State } from '../context.ts'
import { openApiDocument } from '../openapi/document.ts'

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Intake API</title><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
`
const start = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null })\n`
const assets = new Set(['swagger-ui.css', 'swagger-ui-bundle.js'])

/** GET /api/openapi.json and its page /api/docs, served from here alone. */
export function openApiRoutes(router: Router<State>, { packageFile }: { packageFile: string }): void {
  let document: Promise<object> | undefined
  const build = async () => openApiDocument((JSON.parse(await readFile(packageFile, 'utf8')) as { version: string }).version)

  router.get('/api/openapi.json', async (ctx) => {
    document ??= build()
    ctx.body = await document
  })
  router.get('/api/docs', (ctx) => {
    ctx.type = 'html'
    ctx.body = page
  })
  router.get('/api/docs/start.js', (ctx) => {
    ctx.type = 'js'
    ctx.body = start
  })
  router.get('/api/docs/:asset', async (ctx) => {
    const asset = path.basename(String(ctx.params['asset']))
    if (assets.has(asset)) await send(ctx, asset, { root: pagesOf() })
  })
}

function pagesOf(): string {
  return path.dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))
}
