import { z } from 'zod'
import type {
  CatalogItem,
  CatalogOffer,
  CatalogPrice,
  CatalogProduct,
  CatalogProducts,
  CatalogStock,
  CatalogView,
} from '../protocol/catalog-views.ts'

const text = z.string().nullable()

const price = z.object({
  type: z.string(),
  minQuantity: z.string(),
  amount: text,
  currency: text,
  unit: text,
}) satisfies z.ZodType<CatalogPrice>

const stock = z.object({ warehouse: text.describe('null: all together'), quantity: text }) satisfies z.ZodType<CatalogStock>
const amounts = { prices: z.array(price), stocks: z.array(stock) }
const named = { id: z.string(), name: text, article: text, unit: text }
const variants = z.number().int().describe('above 1: the lowest prices and all stocks of so many variants')
const product = z.object({ ...named, picture: text, ...amounts, variants }) satisfies z.ZodType<CatalogProduct>

const offer = z.object({
  id: z.string(),
  name: text,
  characteristics: z.array(z.object({ name: z.string(), value: text })),
  ...amounts,
}) satisfies z.ZodType<CatalogOffer>

export const catalogSchema = z.object({
  sources: z.array(z.string()),
  source: text,
  groups: z.array(z.object({ id: z.string(), parent: text, name: z.string() })),
  products: z.number().int(),
}) satisfies z.ZodType<CatalogView>

export const catalogProductsSchema = z.object({ items: z.array(product), total: z.number().int().nullable() }) satisfies z.ZodType<CatalogProducts>

export const catalogItemSchema = z.object({
  ...named,
  fullName: text,
  barcode: text,
  description: text,
  pictures: z.array(z.object({ path: z.string(), title: text })),
  properties: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  offers: z.array(offer),
}) satisfies z.ZodType<CatalogItem>
