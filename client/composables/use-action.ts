import { ref } from 'vue'
import { useErrorText } from './use-error-text.ts'

/** Something that a person starts: it runs once at a time, and says what went wrong. */
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<unknown>) {
  const { errorText } = useErrorText()
  const state = ref<'idle' | 'busy' | 'done' | 'error'>('idle')
  const error = ref('')

  /** Answers whether it went well. A second call while it runs does nothing. */
  async function run(...args: A): Promise<boolean> {
    if (state.value === 'busy') return false
    state.value = 'busy'
    error.value = ''
    try {
      await work(...args)
      state.value = 'done'
      return true
    } catch (thrown) {
      error.value = errorText(thrown)
      state.value = 'error'
      return false
    }
  }

  function reset(): void {
    state.value = 'idle'
    error.value = ''
  }

  return { state, error, run, reset }
}
