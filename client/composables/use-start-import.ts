import { ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { StartAnswer } from '../../shared/protocol/views.ts'
import type { StartForm } from '../api/start-import.ts'
import { useImports } from '../stores/imports.ts'
import type { StartResult } from '../stores/imports.ts'

/**
 * Starts a run from a filled form, once: further presses while it is sent do nothing. The form has one idempotency key until an answer proves that nothing
 * was started, or the form is changed; after an answer that never came the same press again joins what may have been started.
 */
export function useStartImport(form: Readonly<Ref<StartForm>>, onGoing: (answer: StartAnswer) => void) {
  const imports = useImports()
  const busy = ref(false)
  const result = shallowRef<StartResult | null>(null)
  const upload = ref({ sent: 0, total: 0 })
  let key = newKey()
  let stopping = new AbortController()

  watch(form, () => (key = newKey()))

  async function start(again = false): Promise<void> {
    if (busy.value) return
    busy.value = true
    result.value = null
    upload.value = { sent: 0, total: 0 }
    stopping = new AbortController()
    const { value } = form
    try {
      result.value = await imports.start(again ? { ...value, options: { ...value.options, again } } : value, {
        idempotencyKey: key,
        signal: stopping.signal,
        onProgress: (sent, total) => (upload.value = { sent, total }),
      })
      if (result.value.type === 'going') return onGoing(result.value.answer)
      if (result.value.type !== 'unknown') key = newKey()
    } finally {
      // A run that goes on keeps the button locked until the page is left.
      busy.value = result.value?.type === 'going'
    }
  }

  return { busy, result, upload, start, stop: () => stopping.abort() }
}

// `randomUUID` is not there on pages that did not come over a safe connection.
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
