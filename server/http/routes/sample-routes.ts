import { readFile, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import type Router from '@koa/router'
import { z } from 'zod'
import { importKinds } from '../../../shared/schemas/requests.ts'
import { AppError } from '../../errors.ts'
import type { State } from '../context.ts'
import type { Access } from '../middleware/access.ts'

/** `file` is the path within the folder of samples, if it is not the name. */
const catalogue = z.array(
  z.object({ id: z.string(), kind: z.enum(importKinds), name: z.string(), file: z.string().optional(), description: z.string() }),
)
type Sample = z.infer<typeof catalogue>[number]

/** GET /samples and /samples/:id: small files of our own, for a first try. */
export function sampleRoutes(router: Router<State>, { dir, access }: { dir: string; access: Access }): void {
  const read = async () => catalogue.parse(JSON.parse(await readFile(path.join(dir, 'samples.json'), 'utf8')))
  const pathOf = ({ name, file = name }: Sample): string => path.join(dir, file)

  router.get('/api/samples', access.login, async (ctx) => {
    const items = (await read()).map(async ({ file, ...view }) => {
      const found = await stat(pathOf({ ...view, file })).catch(() => null)
      return found ? [{ ...view, size: found.size }] : []
    })
    ctx.body = { items: (await Promise.all(items)).flat() }
  })

  router.get('/api/samples/:id', access.login, async (ctx) => {
    const sample = (await read()).find((candidate) => candidate.id === ctx.params['id'])
    if (!sample) throw new AppError('not_found', 'There is no such sample.')
    ctx.attachment(sample.name)
    ctx.body = createReadStream(pathOf(sample))
  })
}
