import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { AccountTest, AccountView, TraceAnswer } from '../../shared/protocol/views.ts'
import * as api from '../api/accounts.ts'
import type { AccountChange, AccountDraft, PlaceDraft } from '../api/accounts.ts'
import { traceCopy } from '../api/trace.ts'
import { useSession } from './session.ts'

/** Where bulk uploads deliver. */
export const useAccounts = defineStore('accounts', () => {
  const { guard } = useSession()
  const byId = shallowRef(new Map<string, AccountView>())
  const list = computed(() => [...byId.value.values()].toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })))
  const state = ref<'idle' | 'loading' | 'done' | 'error'>('idle')

  async function load(): Promise<void> {
    if (state.value !== 'done') state.value = 'loading'
    try {
      const items = await guard(api.listAccounts())
      byId.value = new Map(items.map((account) => [account.id, account]))
      state.value = 'done'
    } catch (thrown) {
      state.value = 'error'
      throw thrown
    }
  }

  function keep(account: AccountView): void {
    byId.value = new Map(byId.value).set(account.id, account)
  }

  async function add(draft: AccountDraft): Promise<void> {
    keep(await guard(api.addAccount(draft)))
  }

  async function change(accountId: string, change: AccountChange): Promise<void> {
    keep(await guard(api.changeAccount(accountId, change)))
  }

  async function remove(accountId: string): Promise<void> {
    await guard(api.removeAccount(accountId))
    const next = new Map(byId.value)
    next.delete(accountId)
    byId.value = next
  }

  const test = async (what: { id: string } | PlaceDraft): Promise<AccountTest> =>
    await guard('id' in what ? api.testAccount(what.id) : api.testPlace(what))

  const trace = async (file: File): Promise<TraceAnswer['found']> => (await guard(traceCopy(file))).found

  return { byId, list, state, load, add, change, remove, test, trace }
})
