import { shallowReactive } from 'vue'
import type { ApiErrorCode } from '../api/request.ts'
import { useErrorText } from './use-error-text.ts'

/** What came of a test: what the server found, or why it could not look. */
export type Tested<Found> = Found | { ok: false; error: { code: ApiErrorCode; message: string } }

/** Tests of databases or accounts, saved or not, by the name of whatever shows the result. */
export function useTests<What, Found extends { ok: boolean }>(ask: (what: What) => Promise<Found>) {
  const { errorText, errorCode } = useErrorText()
  const results = shallowReactive(new Map<string, Tested<Found>>())
  /** Those under way. One that was forgotten meanwhile is here no more, and what comes of it is of nobody's interest. */
  const testing = shallowReactive(new Map<string, symbol>())

  /** Tests once at a time. Answers whether it can be used. */
  async function test(name: string, what: What): Promise<boolean> {
    if (testing.has(name)) return false
    const own = Symbol(name)
    testing.set(name, own)
    results.delete(name)
    const result = await asked(what)
    if (testing.get(name) !== own) return false
    testing.delete(name)
    results.set(name, result)
    return result.ok
  }

  async function asked(what: What): Promise<Tested<Found>> {
    try {
      return await ask(what)
    } catch (thrown) {
      return { ok: false, error: { code: errorCode(thrown), message: errorText(thrown) } }
    }
  }

  /** What was tested is not what it was. */
  function forget(name: string): void {
    testing.delete(name)
    results.delete(name)
  }

  return { results, testing, test, forget }
}
