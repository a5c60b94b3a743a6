import type { Checkpoint, Target, TargetTransaction } from '../../../server/targets/target.ts'

/** What ends a process in the middle of something. */
export class Killed extends Error {
  override readonly name = 'Killed'
}

/** Where a run is cut: before or after its nth commit (from 1), or before its nth write. */
export type Cut = { at: 'before commit' | 'after commit' | 'write'; number: number }

/** A target whose process dies at a certain moment. Also counts commits. */
export function cutTarget(target: Target, cut: Cut | null): Target & { commits: number } {
  const seen = { commits: 0, writes: 0 }
  const killAt = (at: Cut['at'], number: number): void => {
    if (cut?.at === at && cut.number === number) throw new Killed(`${at} ${number}`)
  }
  const transaction = (inner: TargetTransaction): TargetTransaction => ({
    createTables: async (tables) => await inner.createTables(tables),
    write: async (batch) => {
      killAt('write', (seen.writes += 1))
      await inner.write(batch)
    },
    writeAll: async (batches) => {
      killAt('write', (seen.writes += 1))
      await inner.writeAll(batches)
    },
    link: async (batch) => await inner.link(batch),
    find: async (lookup) => await inner.find(lookup),
    findAll: async (lookup) => await inner.findAll(lookup),
    savepoint: async (work) => await inner.savepoint(work),
    danglingReferences: async (limit) => await inner.danglingReferences(limit),
    commit: async (checkpoint: Checkpoint) => {
      killAt('before commit', (seen.commits += 1))
      await inner.commit(checkpoint)
      killAt('after commit', seen.commits)
    },
    rollback: async () => await inner.rollback(),
  })
  return {
    capabilities: target.capabilities,
    probe: async () => await target.probe(),
    readSchema: async () => await target.readSchema(),
    readRows: async (table, page) => await target.readRows(table, page),
    look: async (lookup) => await target.look(lookup),
    claim: async (fence) => await target.claim(fence),
    begin: async (fence) => transaction(await target.begin(fence)),
    forget: async (importId) => await target.forget(importId),
    close: async () => await target.close(),
    get commits() {
      return seen.commits
    },
  }
}
