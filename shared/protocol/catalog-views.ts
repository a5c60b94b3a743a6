/** What was taken over from 1C, as people look at it. Amounts are decimal text. */
export type CatalogGroup = { id: string; parent: string | null; name: string }

export type CatalogView = {
  /** The 1C databases that wrote into this target. */
  sources: string[]
  source: string | null
  groups: CatalogGroup[]
  products: number
}

export type CatalogPrice = { type: string; minQuantity: string; amount: string | null; currency: string | null; unit: string | null }
export type CatalogStock = { warehouse: string | null; quantity: string | null }

/**
 * A product as a list shows it: its first picture, and the prices and stocks of the offer that has no variant. Where there is none: of its `variants` the lowest price of
 * each type, and all stocks.
 */
export type CatalogProduct = {
  id: string
  name: string | null
  article: string | null
  unit: string | null
  picture: string | null
  prices: CatalogPrice[]
  stocks: CatalogStock[]
  variants: number
}

export type CatalogProducts = { items: CatalogProduct[]; total: number | null }

export type CatalogOffer = {
  id: string
  name: string | null
  characteristics: { name: string; value: string | null }[]
  prices: CatalogPrice[]
  stocks: CatalogStock[]
}

export type CatalogItem = Omit<CatalogProduct, 'prices' | 'stocks' | 'variants' | 'picture'> & {
  fullName: string | null
  barcode: string | null
  description: string | null
  pictures: { path: string; title: string | null }[]
  properties: { name: string; values: string[] }[]
  offers: CatalogOffer[]
}
