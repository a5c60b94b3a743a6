import { Readable } from 'node:stream'
import type Router from '@koa/router'
import { AppError } from '../../errors.ts'
import { readCatalog, readItem, readProducts, runOfPicture } from '../../importers/commerce/browse/catalog.ts'
import type { RunPictures } from '../../sessions/run-pictures.ts'
import type { TargetRecords } from '../../targets/target-records.ts'
import { catalogQuery, pictureQuery, productsQuery } from '../../../shared/schemas/catalog-requests.ts'
import type { State } from '../context.ts'
import type { Access } from '../middleware/access.ts'
import { parse } from '../middleware/parse.ts'

type Parts = { targets: TargetRecords; pictures: RunPictures; access: Access }

/** What was taken over from 1C into a database, to be looked at: groups, products, and the pictures that came with them. */
export function catalogRoutes(router: Router<State>, { targets, pictures, access }: Parts): void {
  const id = (params: Record<string, string>) => String(params['id'])

  router.get('/api/targets/:id/catalog', access.login, async (ctx) => {
    const { source } = parse(catalogQuery.partial(), ctx.query)
    ctx.body = await targets.use(id(ctx.params), async (target) => await readCatalog(target, source))
  })
  router.get('/api/targets/:id/catalog/products', access.login, async (ctx) => {
    const { source, group, q, page, limit } = parse(productsQuery, ctx.query)
    const wanted = { source, group, q, offset: (page - 1) * limit, limit }
    ctx.body = await targets.use(id(ctx.params), async (target) => await readProducts(target, wanted))
  })
  router.get('/api/targets/:id/catalog/products/:product', access.login, async (ctx) => {
    const { source } = parse(catalogQuery, ctx.query)
    ctx.body = { product: await targets.use(id(ctx.params), async (target) => await readItem(target, source, String(ctx.params['product']))) }
  })
  router.get('/api/targets/:id/catalog/products/:product/picture', access.login, async (ctx) => {
    const { source, path } = parse(pictureQuery, ctx.query)
    const product = String(ctx.params['product'])
    const importId = await targets.use(id(ctx.params), async (target) => await runOfPicture(target, source, product, path))
    const picture = await pictures.find(importId, path)
    if (!picture) throw new AppError('not_found', 'The files of the run that brought this picture are no longer kept, or it did not come with them.')
    // It comes from outside: it is shown as what its name says, and as nothing else.
    ctx.set({ 'Content-Security-Policy': "default-src 'none'; sandbox", 'Cache-Control': 'private, max-age=3600' })
    ctx.type = picture.type
    ctx.body = Readable.from(picture.content, { objectMode: false }).once('close', picture.close)
  })
}
