import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { RowsPage, TableView, TargetTest, TargetView } from '../../shared/protocol/views.ts'
import * as api from '../api/targets.ts'
import type { TargetDraft } from '../api/targets.ts'
import { useSession } from './session.ts'

/** Databases that imports write to. */
export const useTargets = defineStore('targets', () => {
  const { guard } = useSession()
  const byId = shallowRef(new Map<string, TargetView>())
  const list = computed(() => [...byId.value.values()])
  const state = ref<'idle' | 'loading' | 'done' | 'error'>('idle')

  async function load(): Promise<void> {
    if (state.value !== 'done') state.value = 'loading'
    try {
      const items = await guard(api.listTargets())
      byId.value = new Map(items.map((target) => [target.id, target]))
      state.value = 'done'
    } catch (thrown) {
      state.value = 'error'
      throw thrown
    }
  }

  function keep(target: TargetView): TargetView {
    byId.value = new Map(byId.value).set(target.id, target)
    return target
  }

  async function add(draft: TargetDraft): Promise<TargetView> {
    return keep(await guard(api.addTarget(draft)))
  }

  async function change(targetId: string, draft: Partial<TargetDraft>): Promise<TargetView> {
    return keep(await guard(api.changeTarget(targetId, draft)))
  }

  async function remove(targetId: string): Promise<void> {
    await guard(api.removeTarget(targetId))
    const next = new Map(byId.value)
    next.delete(targetId)
    byId.value = next
  }

  const test = async (what: { id: string } | { url: string }): Promise<TargetTest> =>
    await guard('id' in what ? api.testTarget(what.id) : api.testUrl(what.url))
  const tables = async (targetId: string): Promise<TableView[]> => await guard(api.listTables(targetId))
  const rows = async (targetId: string, table: string, page: number, limit: number): Promise<RowsPage> =>
    await guard(api.getRows(targetId, table, page, limit))

  return { byId, list, state, load, add, change, remove, test, tables, rows }
})
