import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { UserView } from '../../shared/protocol/views.ts'
import * as api from '../api/users.ts'
import type { UserChange, UserDraft } from '../api/users.ts'
import { useSession } from './session.ts'

/** People who may log in. For superusers. */
export const useUsers = defineStore('users', () => {
  const { guard } = useSession()
  const byId = shallowRef(new Map<string, UserView>())
  const list = computed(() => [...byId.value.values()])
  const state = ref<'idle' | 'loading' | 'done' | 'error'>('idle')

  async function load(): Promise<void> {
    if (state.value !== 'done') state.value = 'loading'
    try {
      const items = await guard(api.listUsers())
      byId.value = new Map(items.map((user) => [user.id, user]))
      state.value = 'done'
    } catch (thrown) {
      state.value = 'error'
      throw thrown
    }
  }

  function keep(user: UserView): void {
    byId.value = new Map(byId.value).set(user.id, user)
  }

  async function add(draft: UserDraft): Promise<void> {
    keep(await guard(api.addUser(draft)))
  }

  async function change(userId: string, change: UserChange): Promise<void> {
    keep(await guard(api.changeUser(userId, change)))
  }

  return { list, byId, state, load, add, change }
})
