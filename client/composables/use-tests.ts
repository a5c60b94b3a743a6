import { shallowReactive } from 'vue'
import type { ErrorCode } from '../../shared/protocol/errors.ts'
import { useErrorText } from './use-error-text.ts'

type Failed = { ok: false; error: { code: ErrorCode; message: string } }

/** Tests of databases or accounts, saved or not, by the name of whatever shows the result. */
export function useTests<What, Passed extends { ok: true }>(ask: (what: What) => Promise<Passed | Failed>) {
  const { errorText } = useErrorText()
  const results = shallowReactive(new Map<string, Passed | Failed>())
  const testing = shallowReactive(new Set<string>())

  /** Tests once at a time. Answers whether it can be used. */
  async function test(name: string, what: What): Promise<boolean> {
    if (testing.has(name)) return false
    testing.add(name)
    results.delete(name)
    try {
      const result = await ask(what)
      results.set(name, result)
      return result.ok
    } catch (thrown) {
      results.set(name, { ok: false, error: { code: 'internal', message: errorText(thrown) } })
      return false
    } finally {
      testing.delete(name)
    }
  }

  return { results, testing, test, forget: (name: string) => results.delete(name) }
}
