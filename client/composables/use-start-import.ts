import { ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { StartAnswer } from '../../shared/protocol/views.ts'
import type { StartForm } from '../api/start-import.ts'
import { useImports } from '../stores/imports.ts'
import type { StartResult } from '../stores/imports.ts'
import { useSession } from '../stores/session.ts'
import { RateMeter } from '../upload/rate-meter.ts'
import type { Rate } from '../upload/rate-meter.ts'
import type { UploadProgress } from '../upload/upload-progress.ts'

export type UploadState = UploadProgress & Rate

const nothingSent: UploadState = { sent: 0, total: 0, files: [], rate: null, etaMs: null }

/**
 * Starts a run from a filled form, once: further presses while it is sent do nothing. The form has one idempotency key until an answer proves that nothing
 * was started, or the form is changed; after an answer that never came the same press again joins what may have been started. A start that lacks nothing but a
 * login goes on by itself after the next one.
 */
export function useStartImport(form: Readonly<Ref<StartForm>>, onGoing: (answer: StartAnswer) => void) {
  const imports = useImports()
  const session = useSession()
  const busy = ref(false)
  const result = shallowRef<StartResult | null>(null)
  const upload = shallowRef(nothingSent)
  const uploaded = new Map<File, string>()
  let key = newKey()
  let stopping = new AbortController()
  let goOn: (() => void) | null = null

  watch(form, () => {
    key = newKey()
    goOn = null
  })
  watch(
    () => session.logins,
    () => goOn?.(),
  )

  async function start(again = false): Promise<void> {
    if (busy.value) return
    busy.value = true
    result.value = null
    goOn = null
    upload.value = nothingSent
    stopping = new AbortController()
    const { value } = form
    const meter = new RateMeter()
    try {
      result.value = await imports.start(again ? { ...value, options: { ...value.options, again } } : value, {
        idempotencyKey: key,
        uploaded,
        signal: stopping.signal,
        onProgress: (sum, jumped) => (upload.value = { ...sum, ...meter.measure(sum.sent, sum.total, performance.now(), jumped) }),
      })
      if (result.value.type === 'going') return onGoing(result.value.answer)
      if (result.value.type !== 'unknown') key = newKey()
      if (lacksLogin(result.value)) goOn = () => void start(again)
    } finally {
      // A run that goes on keeps the button locked until the page is left.
      busy.value = result.value?.type === 'going'
    }
  }

  return { busy, result, upload, start, stop: () => stopping.abort() }
}

function lacksLogin(result: StartResult): boolean {
  return result.type === 'refused' && result.error.code === 'unauthenticated'
}

// `randomUUID` is not there on pages that did not come over a safe connection.
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
