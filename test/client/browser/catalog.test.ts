import { afterEach, describe, expect, it } from 'vitest'
import CatalogPage from '../../../client/pages/CatalogPage.vue'
import type { CatalogProduct, CatalogView } from '../../../shared/protocol/catalog-views.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import { asked, prepare } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'

const product = (id: string, name: string): CatalogProduct => ({
  id,
  name,
  article: null,
  unit: null,
  picture: null,
  prices: [],
  stocks: [],
  variants: 0,
})
const view: CatalogView = { sources: ['1c'], source: '1c', groups: [{ id: 'tea', parent: null, name: 'Чай' }], products: 2 }
const all = { items: [product('a', 'Ассам'), product('b', 'Сенча')], total: 2 }
const some = { items: [product('b', 'Сенча')], total: 1 }
const path = paths.catalogProducts('main')

async function catalog(answers: { body: unknown }[]) {
  const pages = answers.map((answer) => ({ method: 'GET', path, status: 200, ...answer }))
  await prepare([{ method: 'GET', path: paths.catalog('main'), status: 200, body: view }, ...pages])
  const { screen, router } = await mount(CatalogPage, { id: 'main' })
  await expect.element(screen.getByRole('button', { name: 'Ассам' })).toBeVisible()
  return { screen, router, field: screen.getByRole('searchbox', { name: 'Search products' }) }
}

const queries = async () => (await asked('GET', path)).map(({ query }) => Object.fromEntries(new URLSearchParams(query)))

describe('the catalog', () => {
  afterEach(() => cleanup())

  it('is searched by what was typed, once the hand rests, from the first page on, and the address holds it', async () => {
    const { screen, router, field } = await catalog([{ body: all }, { body: all }, { body: some }])
    await router.replace({ query: { group: 'tea', page: '2' } })
    await expect.poll(async () => (await queries()).at(-1)).toMatchObject({ group: 'tea', page: '2' })
    await field.fill('  сен ча ')
    await expect.element(screen.getByRole('status')).toHaveTextContent('1 product')
    await expect.element(screen.getByRole('button', { name: 'Ассам' })).not.toBeInTheDocument()
    expect(await queries()).toEqual([{ source: '1c', group: 'tea', q: 'сен ча', page: '1', limit: '50' }])
    expect(router.currentRoute.value.query).toEqual({ group: 'tea', q: 'сен ча' })
  })

  it('says that nothing was found, and shows all again when nothing is looked for', async () => {
    const { screen, router, field } = await catalog([{ body: all }, { body: { items: [], total: 0 } }, { body: all }])
    await field.fill('кофе')
    await expect.element(screen.getByText('No product matches')).toBeVisible()
    await field.fill('')
    await expect.element(screen.getByRole('button', { name: 'Ассам' })).toBeVisible()
    expect(router.currentRoute.value.query).toEqual({})
  })

  it('looks for what another address says, and keeps what is being typed when an older word becomes the address', async () => {
    const { router, field } = await catalog([{ body: all }])
    await router.replace({ query: { q: 'чай' } })
    await expect.element(field).toHaveValue('чай')
    const slow = Promise.withResolvers<void>()
    const navigations: unknown[] = []
    router.beforeEach(async ({ query }) => {
      navigations.push(query)
      await slow.promise
    })
    await field.fill('с')
    await expect.poll(() => navigations.length).toBe(1)
    await field.fill('се')
    slow.resolve()
    await expect.poll(async () => (await queries()).at(-1)).toMatchObject({ q: 'се' })
    await expect.element(field).toHaveValue('се')
    expect(navigations).toEqual([{ q: 'с' }, { q: 'се' }])
  })
})
