import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { MeView } from '../../shared/protocol/views.ts'
import { getMe, logIn, logOut } from '../api/login.ts'
import { ApiError } from '../api/request.ts'

/** `expired`: there was a login and it ended by itself; the page stays and offers to log in again. `out`: there is none. */
export type LoginState = 'unknown' | 'in' | 'expired' | 'out'

/** A timer that is set longer goes off at once. */
const longestTimer = 2 ** 31 - 1
const checkAgainAfterMs = 15_000

/** Who is logged in here, and until when. */
export const useSession = defineStore('session', () => {
  const state = ref<LoginState>('unknown')
  const me = shallowRef<MeView | null>(null)
  const user = computed(() => me.value?.user ?? null)
  const isSuperuser = computed(() => user.value?.role === 'superuser')
  /** Grows with each login: whatever was waiting for one may go on. */
  const logins = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined
  let checkedAt = 0

  function enter(view: MeView): void {
    me.value = view
    state.value = 'in'
    checkedAt = Date.now()
    clearTimeout(timer)
    // The server moves the end while the person works: at what was the end, it is asked again.
    const left = Math.max(Date.parse(view.expiresAt) - Date.now(), 0) + 500
    timer = setTimeout(() => void check(), Math.min(left, longestTimer))
  }

  function expire(): void {
    clearTimeout(timer)
    state.value = me.value || state.value === 'expired' ? 'expired' : 'out'
  }

  /** Asks the server who is logged in. A server that does not answer changes nothing. */
  async function check(): Promise<void> {
    try {
      enter(await getMe())
    } catch (thrown) {
      if (thrown instanceof ApiError && (thrown.status === 401 || thrown.status === 403)) expire()
      else if (state.value === 'in') timer = setTimeout(() => void check(), 5000)
    }
  }

  /** The person looks at the page again: the login may have ended meanwhile. */
  async function recheck(): Promise<void> {
    const due = me.value && Date.now() >= Date.parse(me.value.expiresAt)
    if (state.value === 'in' && (due || Date.now() - checkedAt > checkAgainAfterMs)) await check()
  }

  async function login(name: string, password: string): Promise<void> {
    enter(await logIn(name, password))
    logins.value++
  }

  async function logout(options: { everywhere?: boolean; stopWatching?: boolean }): Promise<void> {
    try {
      await logOut(options)
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.status === 401)) throw thrown
    }
    clearTimeout(timer)
    me.value = null
    state.value = 'out'
  }

  /** Passes an answer on; notes when it says that the login has ended. */
  async function guard<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.code === 'unauthenticated') expire()
      throw thrown
    }
  }

  return { state, me, user, isSuperuser, logins, check, recheck, login, logout, guard }
})
