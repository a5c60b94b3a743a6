import type { Cell } from '../../../targets/target.ts'

/** Slots of a new set, of which the number only ever doubles. */
const leastSlots = 8
/** Neighbours that are looked at before the set jumps on. */
const neighbours = 9

/**
 * Keys in the order in which Django links them: that of a Python set (CPython, setobject.c), since `add()` goes through one. So the rows of a link table
 * get the very keys that loaddata gives them. Keys that are no numbers have no such order: Python's is another one in each process.
 */
export function inSetOrder(keys: Cell[]): Cell[] {
  if (keys.length < 2 || !keys.every((key): key is number => Number.isSafeInteger(key) && (key as number) >= 0)) return keys
  let slots = emptySlots(leastSlots)
  let used = 0
  for (const key of keys) {
    if (!insert(slots, key)) continue
    used += 1
    if (used * 5 >= (slots.length - 1) * 3) slots = resized(slots, used)
  }
  return slots.filter((key) => key >= 0)
}

function emptySlots(size: number): number[] {
  return Array<number>(size).fill(-1)
}

/** Puts a key into its slot; false when it is there already. */
function insert(slots: number[], key: number): boolean {
  const mask = slots.length - 1
  let perturbation = key
  for (let at = key % slots.length; ;) {
    const last = at + neighbours <= mask ? at + neighbours : at
    for (let slot = at; slot <= last; slot += 1) {
      if (slots[slot] === key) return false
      if (slots[slot] === -1) {
        slots[slot] = key
        return true
      }
    }
    perturbation = Math.floor(perturbation / 32)
    at = (at * 5 + 1 + perturbation) % slots.length
  }
}

function resized(slots: number[], used: number): number[] {
  const least = used > 50_000 ? used * 2 : used * 4
  let size = leastSlots
  while (size <= least) size *= 2
  const larger = emptySlots(size)
  for (const key of slots) if (key >= 0) insert(larger, key)
  return larger
}
