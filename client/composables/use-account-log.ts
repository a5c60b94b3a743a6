import { computed, ref, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** Which tab of a run is open, and the account whose log one of them shows. The account stands in the address, so that its log can be linked to. */
export function useAccountLog() {
  const route = useRoute()
  const router = useRouter()
  const linked = computed(() => (typeof route.query['account'] === 'string' ? route.query['account'] : ''))
  const account = ref(linked.value)
  const tab = ref(linked.value === '' ? 'log' : 'account')

  /** Opens the log of an account, or of all when the name is empty. */
  function show(name: string): void {
    if (name !== '') account.value = name
    tab.value = name === '' ? 'log' : 'account'
  }

  watch(linked, (name) => name !== '' && show(name))
  watch([tab, account], () => {
    const { account: _account, ...rest } = route.query
    const query = tab.value === 'account' ? { ...rest, account: account.value } : rest
    if ((query['account'] ?? '') !== linked.value) void router.replace({ path: route.path, query })
  })

  return { tab, account, show }
}
