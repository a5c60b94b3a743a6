import type { Column, ColumnType, Table } from '../../../targets/target.ts'

/** What is counted and told by name. */
export type Entity =
  | 'groups'
  | 'properties'
  | 'property_values'
  | 'units'
  | 'products'
  | 'product_groups'
  | 'product_taxes'
  | 'images'
  | 'item_values'
  | 'characteristics'
  | 'requisites'
  | 'offers'
  | 'price_types'
  | 'prices'
  | 'warehouses'
  | 'stocks'
  | 'customers'
  | 'customer_addresses'
  | 'customer_contacts'
  | 'customer_accounts'
  | 'customer_representatives'
  | 'pending'
  | 'sources'

/**
 * A table and how its rows are known. Of a list (`owner` is given) the key is that of its owner and then `item`: prices belong to an offer and are told
 * apart by price type and minimum. `source` comes first in every key and is not named here.
 */
export type CommerceTable = { entity: Entity; table: Table; owner: string[]; item: string[]; data: string[] }

type Spec = { owner?: string[]; item: string[]; data: Record<string, ColumnType>; keys?: Record<string, ColumnType> }

const text = 'text' as const

const specs: Record<Entity, Spec> = {
  groups: { item: ['id'], data: { parent_id: text, name: text } },
  properties: {
    item: ['id'],
    data: { name: text, value_type: text, for_products: 'boolean', for_offers: 'boolean', multiple: 'boolean', required: 'boolean' },
  },
  property_values: { item: ['property_id', 'id'], data: { value: text } },
  units: { item: ['code'], data: { name: text, full_name: text, international: text } },
  products: {
    item: ['id'],
    data: {
      variant_of: text,
      catalog_id: text,
      version: text,
      name: text,
      full_name: text,
      article: text,
      code: text,
      barcode: text,
      description: text,
      kind: text,
      unit_code: text,
      unit_name: text,
      country: text,
      manufacturer: text,
      weight: text,
      width: text,
      length: text,
      height: text,
    },
  },
  product_groups: { owner: ['product_id'], item: ['group_id'], data: { position: 'integer' } },
  product_taxes: { owner: ['product_id'], item: ['name'], data: { rate: text } },
  images: { owner: ['owner', 'owner_id'], item: ['path'], data: { position: 'integer', title: text } },
  item_values: { owner: ['owner', 'owner_id'], item: ['property_id', 'position'], keys: { position: 'integer' }, data: { value: text } },
  characteristics: { owner: ['owner', 'owner_id'], item: ['name'], data: { position: 'integer', id: text, value: text } },
  requisites: { owner: ['owner', 'owner_id'], item: ['name', 'position'], keys: { position: 'integer' }, data: { value: text } },
  offers: {
    item: ['id'],
    data: {
      product_id: text,
      variant_id: text,
      catalog_id: text,
      version: text,
      name: text,
      article: text,
      barcode: text,
      unit_code: text,
      unit_name: text,
    },
  },
  price_types: { item: ['id'], data: { name: text, currency: text, tax_name: text, tax_included: 'boolean' } },
  prices: {
    owner: ['offer_id'],
    item: ['price_type_id', 'min_quantity'],
    keys: { min_quantity: 'decimal' },
    data: { price: 'decimal', currency: text, unit: text, factor: 'decimal' },
  },
  warehouses: { item: ['id'], data: { name: text, address: text } },
  stocks: { owner: ['offer_id'], item: ['warehouse_id'], data: { quantity: 'decimal' } },
  customers: {
    item: ['id'],
    data: { version: text, name: text, official_name: text, full_name: text, role: text, inn: text, kpp: text, okpo: text },
  },
  customer_addresses: { owner: ['customer_id'], item: ['kind'], data: { address: text, fields: text } },
  customer_contacts: { owner: ['customer_id'], item: ['position'], keys: { position: 'integer' }, data: { kind: text, value: text } },
  customer_accounts: {
    owner: ['customer_id'],
    item: ['position'],
    keys: { position: 'integer' },
    data: { number: text, bank: text, bic: text, correspondent: text, bank_address: text },
  },
  customer_representatives: {
    owner: ['customer_id'],
    item: ['position'],
    keys: { position: 'integer' },
    data: { relation: text, id: text, name: text },
  },
  pending: { item: ['kind', 'offer_id'], data: { content: text, file: text, line: 'integer' } },
  sources: { item: [], data: { products: 'integer', offers: 'integer', entities: text, last_run: text } },
}

/** Kept of every row beside what 1C says. */
const kept: Record<string, ColumnType> = { created_at: 'datetime', changed_at: 'datetime', deleted_at: 'datetime', import_id: text }

function column(name: string, type: ColumnType, nullable: boolean): Column {
  return { name, type, sqlType: '', nullable, default: null, generated: false, autoIncrement: false, maxLength: null, precision: null, scale: null }
}

function build(entity: Entity, { owner = [], item, data, keys = {} }: Spec): CommerceTable {
  const key = ['source', ...owner, ...item]
  const columns = [
    ...key.map((name) => column(name, keys[name] ?? 'text', false)),
    ...Object.entries(data).map(([name, type]) => column(name, type, true)),
    ...Object.entries(kept).map(([name, type]) => column(name, type, name === 'deleted_at')),
  ]
  const table = { name: `commerce_${entity}`, columns, primaryKey: key, uniqueKeys: [], foreignKeys: [] }
  return { entity, table, owner, item, data: Object.keys(data) }
}

/** How many columns the keys of the owner and of the item, and the data of each table have. */
export const tableShapes = Object.fromEntries(
  Object.entries(specs).map(([entity, { owner = [], item, data }]) => [
    entity,
    { owner: owner.length, item: item.length, data: Object.keys(data).length },
  ]),
) as Record<Entity, { owner: number; item: number; data: number }>

export type CommerceTables = Record<Entity, CommerceTable>

export const entities = Object.keys(specs) as Entity[]

/**
 * The tables as they are made. They have no foreign keys: 1C refers to groups, classifiers and products that come in another packet, or never.
 */
export function commerceTables(): CommerceTables {
  return Object.fromEntries(entities.map((entity) => [entity, build(entity, specs[entity])])) as CommerceTables
}
