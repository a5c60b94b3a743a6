import { ref, shallowRef } from 'vue'
import type { ImportView, StoredEvent } from '../../shared/protocol/views.ts'
import type { DeliveryBoard } from '../bulk/delivery-board.ts'
import { DeliveryFeed } from '../bulk/delivery-feed.ts'
import { getDeliveries } from '../api/deliveries.ts'
import type { Reading } from '../api/imports.ts'

/** The deliveries of a watched bulk upload: a snapshot when a page asks for it, then what events tell. */
export function createWatchedDeliveries(importId: string, reading: () => Reading) {
  const feed = new DeliveryFeed()
  const board = shallowRef<DeliveryBoard | null>(null)
  /** Grows whenever something on the board has changed: it is too large to be made reactive. */
  const version = ref(0)
  const state = ref<'idle' | 'loading' | 'done' | 'error'>('idle')
  let files = 0
  let again = false

  function push(events: readonly StoredEvent[]): void {
    if (feed.push(events)) version.value++
    // A run that has just laid its deliveries out. Once it has, an event of another is no reason to read all of them again.
    if (feed.stale && state.value === 'done' && board.value?.accounts.length === 0) void load(files)
  }

  function note({ deliveries = [] }: ImportView['progress']): void {
    if (!board.value) return
    board.value.setSending(deliveries)
    version.value++
  }

  /** Reads the snapshot of a run of so many files. Called while it is read, it is read once more after that. */
  async function load(count: number): Promise<void> {
    files = count
    again = state.value === 'loading'
    if (again) return
    state.value = 'loading'
    try {
      await feed.read(count, async (after) => await getDeliveries(importId, { after }, reading()))
      state.value = 'done'
    } catch {
      state.value = 'error'
    }
    board.value = feed.board
    version.value++
    if (again) await load(files)
  }

  return { board, version, state, push, note, load }
}
