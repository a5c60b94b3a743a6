import { CellRefusal, valueInvalid } from './cells/refusal.ts'
import { sameText } from './columns.ts'
import type { Cell, Column, LinkBatch } from './target.ts'

/** By the text of each owner, the last word on it: its links, each once, in the order given. */
export type WantedLinks<V extends Cell> = Map<string, { owner: V; others: Map<string, V> }>

/** A row of the link table that one of the owners has; `key` finds it again. */
export type ExistingLink<K> = { owner: string; other: string; key: K }

/** What is asked for, in values as the database writes them. `encode` throws CellRefusal. */
export function wantedLinks<V extends Cell>(batch: LinkBatch, columns: [Column, Column], encode: (value: Cell, column: Column) => V): WantedLinks<V> {
  const [ownerColumn, otherColumn] = columns
  const placed = (value: Cell, column: Column): V => {
    try {
      return encode(value, column)
    } catch (thrown) {
      if (thrown instanceof CellRefusal) throw valueInvalid({ table: batch.table.name, column: column.name, value }, thrown.message, thrown)
      throw thrown
    }
  }
  const wanted: WantedLinks<V> = new Map()
  for (const link of batch.links) {
    const owner = placed(link.owner, ownerColumn)
    const others = new Map<string, V>()
    for (const cell of link.others) {
      const other = placed(cell, otherColumn)
      others.set(sameText(other), other)
    }
    wanted.set(sameText(owner), { owner, others })
  }
  return wanted
}

/** What has to go and what has to come. A link that is there twice loses all but its first row. */
export function compareLinks<V extends Cell, K>(wanted: WantedLinks<V>, existing: ExistingLink<K>[]): { remove: K[]; missing: [V, V][] } {
  const kept = new Map<string, Set<string>>()
  const remove: K[] = []
  for (const { owner, other, key } of existing) {
    const links = kept.get(owner) ?? new Set()
    if (links.has(other) || !wanted.get(owner)?.others.has(other)) remove.push(key)
    else kept.set(owner, links.add(other))
  }
  const missing: [V, V][] = []
  for (const [ownerText, { owner, others }] of wanted) {
    const links = kept.get(ownerText)
    for (const [otherText, other] of others) if (!links?.has(otherText)) missing.push([owner, other])
  }
  return { remove, missing }
}
