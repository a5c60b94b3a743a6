import { shallowReactive } from 'vue'
import type { AccountTest } from '../../shared/protocol/views.ts'
import type { PlaceDraft } from '../api/accounts.ts'
import { useAccounts } from '../stores/accounts.ts'
import { useErrorText } from './use-error-text.ts'

/** Tests of accounts, by the name of whatever shows the result. */
export function useAccountTests() {
  const accounts = useAccounts()
  const { errorText } = useErrorText()
  const results = shallowReactive(new Map<string, AccountTest>())
  const testing = shallowReactive(new Set<string>())

  /** Tests a saved account, or a place that is not saved. */
  async function test(name: string, what: { id: string } | PlaceDraft): Promise<void> {
    if (testing.has(name)) return
    testing.add(name)
    results.delete(name)
    try {
      results.set(name, await accounts.test(what))
    } catch (thrown) {
      results.set(name, { ok: false, error: { code: 'internal', message: errorText(thrown) } })
    } finally {
      testing.delete(name)
    }
  }

  return { results, testing, test, forget: (name: string) => results.delete(name) }
}
