import { computed, onMounted } from 'vue'
import type { ComputedRef } from 'vue'
import { useHistory } from '../stores/history.ts'
import { useSession } from '../stores/session.ts'
import { useUsers } from '../stores/users.ts'

/** People whose imports can be asked for: all of them for a superuser, else those that the list shows, and the person at the screen. */
export function useKnownPeople(): ComputedRef<{ id: string; name: string }[]> {
  const session = useSession()
  const users = useUsers()
  const history = useHistory()

  onMounted(() => {
    if (session.isSuperuser) void users.load().catch(() => undefined)
  })

  return computed(() => {
    const known = new Map<string, string>()
    if (session.user) known.set(session.user.id, session.user.name)
    for (const user of users.list) known.set(user.id, user.name)
    for (const item of history.items) known.set(item.user.id, item.user.name)
    return [...known].map(([id, name]) => ({ id, name }))
  })
}
