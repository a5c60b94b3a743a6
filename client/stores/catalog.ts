import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { CatalogItem, CatalogProducts, CatalogView } from '../../shared/protocol/catalog-views.ts'
import * as api from '../api/catalog.ts'
import { useSession } from './session.ts'

/** What was taken over from 1C into a database, as it is looked at: one source, one group, one page. */
export const useCatalog = defineStore('catalog', () => {
  const { guard } = useSession()
  const view = shallowRef<CatalogView | null>(null)
  const products = shallowRef<CatalogProducts | null>(null)
  let wanted = 0

  async function open(targetId: string, source: string | undefined): Promise<void> {
    view.value = null
    products.value = null
    view.value = await guard(api.getCatalog(targetId, source))
  }

  async function show(targetId: string, query: Parameters<typeof api.getProducts>[1]): Promise<void> {
    const own = ++wanted
    const answer = await guard(api.getProducts(targetId, query))
    // An answer that comes after a newer question is not shown.
    if (own === wanted) products.value = answer
  }

  async function item(targetId: string, source: string, productId: string): Promise<CatalogItem> {
    return await guard(api.getProduct(targetId, source, productId))
  }

  return { view, products, open, show, item }
})
