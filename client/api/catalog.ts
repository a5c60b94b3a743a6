import type { CatalogItem, CatalogProducts, CatalogView } from '../../shared/protocol/catalog-views.ts'
import { paths } from '../../shared/protocol/paths.ts'
import { request } from './request.ts'

/** @param source which 1C database; the first where none is given */
export async function getCatalog(targetId: string, source: string | undefined): Promise<CatalogView> {
  return await request<CatalogView>(paths.catalog(targetId), { query: { source } })
}

export async function getProducts(
  targetId: string,
  query: { source: string; group: string | undefined; q: string | undefined; page: number; limit: number },
): Promise<CatalogProducts> {
  return await request<CatalogProducts>(paths.catalogProducts(targetId), { query })
}

export async function getProduct(targetId: string, source: string, productId: string): Promise<CatalogItem> {
  return (await request<{ product: CatalogItem }>(paths.catalogProduct(targetId, productId), { query: { source } })).product
}
