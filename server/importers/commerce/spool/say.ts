import type { CommerceType } from '../../../../shared/schemas/commerce-options.ts'
import { changeOf, nothingSaid, takes } from '../load/steps.ts'
import { RecordRefused } from '../model/problem.ts'
import type { CommerceRecord } from '../read/record.ts'
import { contentOf, nameOf } from '../report/rejected.ts'
import type { Item } from './item.ts'

/** What a record says to each of the steps that take it, in their order. */
export function itemsOf(record: CommerceRecord, types: CommerceType[]): { type: CommerceType; item: Item }[] {
  const items: { type: CommerceType; item: Item }[] = []
  const before: string[] = []
  const name = nameOf(record)
  for (const type of types) {
    if (!takes(type, record)) continue
    const item: Item = { ...name, change: nothingSaid, refusal: null, before: [...before] }
    items.push({ type, item })
    try {
      item.change = changeOf(type, record)
    } catch (thrown) {
      if (!(thrown instanceof RecordRefused)) throw thrown
      item.refusal = { code: thrown.code, message: thrown.message, content: contentOf(record.element) }
      before.push(thrown.message)
    }
  }
  return items
}
