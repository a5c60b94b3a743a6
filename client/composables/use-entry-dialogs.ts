import { ref, shallowRef } from 'vue'
import type { ShallowRef } from 'vue'
import { useAction } from './use-action.ts'

/** The two dialogs of a page that lists entries: the form that adds or changes one, and the question before one is removed. */
export function useEntryDialogs<Entry extends { id: string }>(removeEntry: (id: string) => Promise<unknown>) {
  /** The one in the form: null for a new one. */
  const edited: ShallowRef<Entry | null> = shallowRef(null)
  const formOpen = ref(false)
  const removed: ShallowRef<Entry | null> = shallowRef(null)
  const removeOpen = ref(false)

  const remove = useAction(async () => {
    if (removed.value) await removeEntry(removed.value.id)
    removeOpen.value = false
  })

  function edit(entry: Entry | null): void {
    edited.value = entry
    formOpen.value = true
  }

  function askRemove(entry: Entry): void {
    removed.value = entry
    remove.reset()
    removeOpen.value = true
  }

  return { edited, formOpen, edit, removed, removeOpen, askRemove, remove }
}
