import type { Target } from '../targets/target.ts'

/**
 * A target whose attempt is announced only while the run is its own. A worker that was stopped before it announced itself, and wakes when a newer attempt has
 * ended and has removed its checkpoint, finds nothing in the target that refuses it: the row of the run does. `confirm` resolves when the run is still this
 * attempt's; else it never does, and the thread is ended.
 */
export function confirmedTarget(target: Target, confirm: () => Promise<void>): Target {
  return {
    capabilities: target.capabilities,
    probe: async () => await target.probe(),
    readSchema: async () => await target.readSchema(),
    readRows: async (table, page) => await target.readRows(table, page),
    look: async (lookup) => await target.look(lookup),
    claim: async (fence) => {
      const checkpoint = await target.claim(fence)
      await confirm()
      return checkpoint
    },
    begin: async (fence) => await target.begin(fence),
    forget: async (importId) => await target.forget(importId),
    close: async () => await target.close(),
  }
}
