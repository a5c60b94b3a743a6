import { onScopeDispose, ref } from 'vue'
import type { Ref } from 'vue'

/** The time in milliseconds, moving on every second, or as often as said. */
export function useNow(everyMs = 1000): Ref<number> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), everyMs)
  onScopeDispose(() => clearInterval(timer))
  return now
}
