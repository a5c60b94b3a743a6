import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { WatchTokenView } from '../../shared/protocol/views.ts'
import { listWatchTokens, revokeWatchTokens } from '../api/imports.ts'
import { useSession } from './session.ts'

/** Who can watch an import session by a watch token. */
export const useWatchers = defineStore('watchers', () => {
  const { guard } = useSession()
  const tokens = shallowRef<WatchTokenView[]>([])
  const state = ref<'idle' | 'loading' | 'done' | 'error'>('idle')

  async function load(importId: string): Promise<void> {
    state.value = 'loading'
    try {
      tokens.value = await guard(listWatchTokens(importId))
      state.value = 'done'
    } catch {
      tokens.value = []
      state.value = 'error'
    }
  }

  /** Revokes one, or all; whoever watches by it stops at once. */
  async function revoke(importId: string, tokenId?: string): Promise<void> {
    await guard(revokeWatchTokens(importId, tokenId))
    tokens.value = tokenId === undefined ? [] : tokens.value.filter((token) => token.id !== tokenId)
  }

  return { tokens, state, load, revoke }
})
