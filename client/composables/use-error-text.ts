import { useI18n } from 'vue-i18n'

type Coded = { code: string; message: string }

/** Errors as sentences. What the server says about a file, a record or a database is more exact than any text of ours, and is shown as it is. */
export function useErrorText() {
  const { t, te } = useI18n()

  function errorText(thrown: unknown): string {
    if (!isCoded(thrown)) return t('errors.internal')
    const key = `errors.${thrown.code}`
    return te(key, 'en') ? t(key) : thrown.message
  }

  return { errorText }
}

function isCoded(thrown: unknown): thrown is Coded {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
}
