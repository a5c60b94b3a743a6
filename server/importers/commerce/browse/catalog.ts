import { AppError } from '../../../errors.ts'
import type { Target } from '../../../targets/target.ts'
import type {
  CatalogItem,
  CatalogPrice,
  CatalogProduct,
  CatalogProducts,
  CatalogStock,
  CatalogView,
} from '../../../../shared/protocol/catalog-views.ts'
import { LiveRows } from './live-rows.ts'
import type { LiveRow } from './live-rows.ts'

/** The sources of a target, and the groups of one of them: of the first where none is named. */
export async function readCatalog(target: Target, wanted: string | undefined): Promise<CatalogView> {
  const rows = await LiveRows.open(target)
  const sources = await rows.sources()
  const chosen = sources.find(({ source }) => source === wanted) ?? sources[0]
  if (!chosen) return { sources: [], source: null, groups: [], products: 0 }
  const [groups = []] = await rows.lists('groups', chosen.source, [], [[]], ['id', 'parent_id', 'name'])
  return {
    sources: sources.map(({ source }) => source),
    source: chosen.source,
    groups: groups.map(({ id, parent_id: parent, name }) => ({ id: id ?? '', parent: parent ?? null, name: name ?? id ?? '' })),
    products: chosen.products,
  }
}

const shown = ['id', 'name', 'article', 'unit_name', 'unit_code']

const byName = new Intl.Collator('en', { numeric: true })

/** Where a product is looked for: what people know of it. */
const searched = ['name', 'full_name', 'article', 'barcode', 'id']
const mostWords = 10

type Wanted = { source: string; group: string | undefined; words: string[]; offset: number; limit: number }

/** A page of the products of a group, or of all, by their names; those without a name come last. With `q` those alone that have each of its words in them. */
export async function readProducts(
  target: Target,
  { q = '', ...wanted }: Omit<Wanted, 'words'> & { q: string | undefined },
): Promise<CatalogProducts> {
  const { source, group, offset, limit } = wanted
  const words = q
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, mostWords)
  const search = words.length > 0 ? { search: { words, columns: searched } } : {}
  const rows = await LiveRows.open(target)
  const { rows: products, total } =
    group === undefined
      ? await rows.page('products', source, { offset, limit, order: 'name', select: shown, ...search })
      : await ofGroup(rows, source, group, { words, offset, limit })
  return { items: await listed(rows, source, products), total }
}

async function ofGroup(rows: LiveRows, source: string, group: string, { words, offset, limit }: Pick<Wanted, 'words' | 'offset' | 'limit'>) {
  const [members = []] = await rows.lists('product_groups', source, ['group_id'], [[group]], ['product_id'])
  const keys = members.map(({ product_id: id }) => [id ?? ''])
  const found = await rows.rows('products', source, ['id'], keys, words.length > 0 ? searched : ['id', 'name'])
  const names = found.filter((row) => row !== null).filter((row) => hasWords(row, words))
  const page = names.toSorted(compareNames).slice(offset, offset + limit)
  const ids = page.map(({ id }) => [id ?? ''])
  return { rows: (await rows.rows('products', source, ['id'], ids, shown)).filter((row) => row !== null), total: names.length }
}

function hasWords(row: LiveRow, words: string[]): boolean {
  const text = searched
    .map((column) => row[column] ?? '')
    .join('\n')
    .toLowerCase()
  return words.every((word) => text.includes(word.toLowerCase()))
}

function compareNames(a: LiveRow, b: LiveRow): number {
  const [one, other] = [a['name'] ?? null, b['name'] ?? null]
  if ((one === null) !== (other === null)) return one === null ? 1 : -1
  return byName.compare(one ?? '', other ?? '') || ((a['id'] ?? '') < (b['id'] ?? '') ? -1 : 1)
}

async function listed(rows: LiveRows, source: string, products: LiveRow[]): Promise<CatalogProduct[]> {
  const ids = products.map(({ id }) => id ?? '')
  const pictures = await readPictures(rows, source, ids)
  const own = await readAmounts(rows, source, ids)
  const bare = ids.filter((_, at) => own[at]?.prices.length === 0 && own[at].stocks.length === 0)
  const variants = await readVariants(rows, source, bare)
  return products.map((row, at) => ({
    ...named(row),
    picture: pictures[at]?.[0]?.path ?? null,
    prices: own[at]?.prices ?? [],
    stocks: own[at]?.stocks ?? [],
    variants: 0,
    ...variants.get(row['id'] ?? ''),
  }))
}

const mostVariants = 2000

/** Of products whose offers are variants: how many there are, the lowest price of each type, and all stocks. */
async function readVariants(rows: LiveRows, source: string, products: string[]) {
  const found = new Map<string, Amounts & { variants: number }>()
  if (products.length === 0) return found
  const page = { offset: 0, limit: mostVariants, order: 'product_id', select: ['id', 'product_id'], only: { product_id: products } }
  const { rows: offers } = await rows.page('offers', source, page)
  const amounts = await readAmounts(
    rows,
    source,
    offers.map(({ id }) => id ?? ''),
  )
  for (const [at, { product_id: product }] of offers.entries()) {
    const { prices = [], stocks = [] } = amounts[at] ?? {}
    const known = found.get(product ?? '') ?? { prices: [], stocks: [], variants: 0 }
    known.variants += 1
    known.stocks.push(...stocks)
    known.prices = lowest([...known.prices, ...prices.filter(({ minQuantity }) => minQuantity === '0')])
    found.set(product ?? '', known)
  }
  return found
}

function lowest(prices: CatalogPrice[]): CatalogPrice[] {
  const byType = Map.groupBy(
    prices.filter(({ amount }) => amount !== null),
    ({ type }) => type,
  )
  return [...byType.values()].map((list) => list.reduce((low, price) => (Number(price.amount) < Number(low.amount) ? price : low)))
}

function named(row: LiveRow) {
  return { id: row['id'] ?? '', name: row['name'] ?? null, article: row['article'] ?? null, unit: row['unit_name'] ?? row['unit_code'] ?? null }
}

async function readPictures(rows: LiveRows, source: string, ids: string[]): Promise<{ path: string; title: string | null }[][]> {
  const keys = ids.map((id) => ['product', id])
  const lists = await rows.lists('images', source, ['owner', 'owner_id'], keys, ['path', 'title', 'position'])
  return lists.map((list) =>
    list.toSorted((a, b) => Number(a['position']) - Number(b['position'])).map(({ path, title }) => ({ path: path ?? '', title: title ?? null })),
  )
}

type Amounts = { prices: CatalogPrice[]; stocks: CatalogStock[] }

/** Prices and stocks of offers, with the names of price types and warehouses. */
async function readAmounts(rows: LiveRows, source: string, offers: string[]): Promise<Amounts[]> {
  const keys = offers.map((id) => [id])
  const prices = await rows.lists('prices', source, ['offer_id'], keys, ['price_type_id', 'min_quantity', 'price', 'currency', 'unit'])
  const stocks = await rows.lists('stocks', source, ['offer_id'], keys, ['warehouse_id', 'quantity'])
  const types = await namesOf(
    rows,
    'price_types',
    source,
    prices.flat().map((row) => row['price_type_id'] ?? ''),
  )
  const warehouses = await namesOf(
    rows,
    'warehouses',
    source,
    stocks.flat().map((row) => row['warehouse_id'] ?? ''),
  )
  return offers.map((_, at) => ({
    prices: (prices[at] ?? []).map((row) => ({
      type: types.get(row['price_type_id'] ?? '') ?? row['price_type_id'] ?? '',
      minQuantity: row['min_quantity'] ?? '0',
      amount: row['price'] ?? null,
      currency: row['currency'] ?? null,
      unit: row['unit'] ?? null,
    })),
    // Without a warehouse: all of them together.
    stocks: (stocks[at] ?? []).map(({ warehouse_id: id, quantity }) => ({
      warehouse: id ? (warehouses.get(id) ?? id) : null,
      quantity: quantity ?? null,
    })),
  }))
}

async function namesOf(
  rows: LiveRows,
  entity: 'price_types' | 'warehouses' | 'properties',
  source: string,
  ids: string[],
): Promise<Map<string, string>> {
  const known = [...new Set(ids)].filter((id) => id !== '')
  const found = await rows.rows(
    entity,
    source,
    ['id'],
    known.map((id) => [id]),
    ['name'],
  )
  return new Map(known.flatMap((id, at) => (found[at]?.['name'] ? [[id, found[at]['name']] as const] : [])))
}

/** Everything about one product. Throws `not_found`. */
export async function readItem(target: Target, source: string, id: string): Promise<CatalogItem> {
  const rows = await LiveRows.open(target)
  const [product] = await rows.rows('products', source, ['id'], [[id]], [...shown, 'full_name', 'barcode', 'description'])
  if (!product) throw new AppError('not_found', 'There is no such product.')
  const [offers = []] = await rows.lists('offers', source, ['product_id'], [[id]], ['id', 'name'])
  const sorted = offers.toSorted((a, b) => ((a['id'] ?? '') < (b['id'] ?? '') ? -1 : 1)).slice(0, 200)
  const ids = sorted.map((offer) => offer['id'] ?? '')
  const amounts = await readAmounts(rows, source, ids)
  const traits = await rows.lists(
    'characteristics',
    source,
    ['owner', 'owner_id'],
    ids.map((offer) => ['offer', offer]),
    ['name', 'value', 'position'],
  )
  const [pictures = []] = await readPictures(rows, source, [id])
  return {
    ...named(product),
    fullName: product['full_name'] ?? null,
    barcode: product['barcode'] ?? null,
    description: product['description'] ?? null,
    pictures,
    properties: await readProperties(rows, source, id),
    offers: sorted.map((offer, at) => ({
      id: offer['id'] ?? '',
      name: offer['name'] ?? null,
      characteristics: (traits[at] ?? []).map(({ name, value }) => ({ name: name ?? '', value: value ?? null })),
      prices: amounts[at]?.prices ?? [],
      stocks: amounts[at]?.stocks ?? [],
    })),
  }
}

async function readProperties(rows: LiveRows, source: string, id: string): Promise<CatalogItem['properties']> {
  const [values = []] = await rows.lists('item_values', source, ['owner', 'owner_id'], [['product', id]], ['property_id', 'value', 'position'])
  const filled = values.filter(({ value }) => value !== null)
  const names = await namesOf(
    rows,
    'properties',
    source,
    filled.map((row) => row['property_id'] ?? ''),
  )
  const keys = filled.map((row) => [row['property_id'] ?? '', row['value'] ?? ''])
  const words = await rows.rows('property_values', source, ['property_id', 'id'], keys, ['value'])
  const properties = new Map<string, string[]>()
  for (const [at, row] of filled.entries()) {
    const name = names.get(row['property_id'] ?? '') ?? row['property_id'] ?? ''
    properties.set(name, [...(properties.get(name) ?? []), words[at]?.['value'] ?? row['value'] ?? ''])
  }
  return [...properties].map(([name, all]) => ({ name, values: all }))
}

/** The import session that brought a picture. Throws `not_found`. */
export async function runOfPicture(target: Target, source: string, product: string, path: string): Promise<string> {
  const rows = await LiveRows.open(target)
  const [image] = await rows.rows('images', source, ['owner', 'owner_id', 'path'], [['product', product, path]], ['import_id'])
  if (!image?.['import_id']) throw new AppError('not_found', 'There is no such picture.')
  return image['import_id']
}
