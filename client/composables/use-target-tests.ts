import { shallowReactive } from 'vue'
import type { TargetTest } from '../../shared/protocol/views.ts'
import { useTargets } from '../stores/targets.ts'
import { useErrorText } from './use-error-text.ts'

/** Tests of databases, by the name of whatever shows the result. */
export function useTargetTests() {
  const targets = useTargets()
  const { errorText } = useErrorText()
  const results = shallowReactive(new Map<string, TargetTest>())
  const testing = shallowReactive(new Set<string>())

  /** Tests a saved database, or an address. Answers whether it can be used. */
  async function test(name: string, what: { id: string } | { url: string }): Promise<boolean> {
    if (testing.has(name)) return false
    testing.add(name)
    results.delete(name)
    try {
      const result = await targets.test(what)
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
