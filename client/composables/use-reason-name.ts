import { useI18n } from 'vue-i18n'
import type { ApiErrorCode } from '../api/request.ts'

export type ReasonCode = ApiErrorCode

/** What went wrong in a word or two, in the reader's language: what the server says of it is exact, and English. */
export function useReasonName() {
  const i18n = useI18n()

  /** Empty for a code that is no reason by itself, as that of a run that was cancelled. */
  function reasonName(code: ReasonCode | undefined): string {
    const key = `reasons.${code}`
    return i18n.te(key, 'en') ? i18n.t(key) : ''
  }

  return { reasonName }
}
