import { useI18n } from 'vue-i18n'
import type { ApiErrorCode } from '../api/request.ts'

type Coded = { code: ApiErrorCode; message: string }

/** Errors as sentences. What the server says about a file, a record or a database is more exact than any text of ours, and is shown as it is. */
export function useErrorText() {
  const i18n = useI18n()

  function errorText(thrown: unknown): string {
    if (!isCoded(thrown)) return i18n.t('errors.internal')
    const key = `errors.${thrown.code}`
    return i18n.te(key, 'en') ? i18n.t(key) : thrown.message
  }

  return { errorText, errorCode }
}

/** What went wrong where the server said it; what nobody named is a mistake of ours. */
function errorCode(thrown: unknown): ApiErrorCode {
  return isCoded(thrown) ? thrown.code : 'internal'
}

function isCoded(thrown: unknown): thrown is Coded {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
}
