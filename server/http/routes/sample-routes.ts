import { readdir, readFile, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import type Router from '@koa/router'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { State } from '../context.ts'
import type { Access } from '../middleware/access.ts'

const catalogue = z.array(z.object({ id: z.string(), name: z.string(), description: z.string() }))

/** GET /samples and /samples/:id: small files of our own, for a first try. */
export function sampleRoutes(router: Router<State>, { dir, access }: { dir: string; access: Access }): void {
  const read = async () => catalogue.parse(JSON.parse(await readFile(path.join(dir, 'samples.json'), 'utf8')))

  router.get('/api/samples', access.login, async (ctx) => {
    const there = await readdir(dir)
    const items = (await read()).filter((sample) => there.includes(sample.name))
    ctx.body = { items: await Promise.all(items.map(async (sample) => ({ ...sample, size: (await stat(path.join(dir, sample.name))).size }))) }
  })

  router.get('/api/samples/:id', access.login, async (ctx) => {
    const sample = (await read()).find((candidate) => candidate.id === ctx.params['id'])
    if (!sample) throw new AppError('not_found', 'There is no such sample.')
    ctx.attachment(sample.name)
    ctx.body = createReadStream(path.join(dir, sample.name))
  })
}
