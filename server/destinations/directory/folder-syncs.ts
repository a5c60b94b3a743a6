import { open } from 'node:fs/promises'

type Sync = { next: PromiseWithResolvers<void> | null }

/**
 * Makes new names in folders safe. One sync of a folder is enough for all names that were made before it began: who asks while one is under way waits for the
 * next, together with all others.
 */
export class FolderSyncs {
  readonly #underWay = new Map<string, Sync>()
  readonly #syncNow: (folder: string) => Promise<void>

  constructor(syncNow = syncFolder) {
    this.#syncNow = syncNow
  }

  async sync(folder: string): Promise<void> {
    const sync = this.#underWay.get(folder)
    if (sync) {
      sync.next ??= Promise.withResolvers()
      return await sync.next.promise
    }
    const mine: Sync = { next: null }
    this.#underWay.set(folder, mine)
    try {
      await this.#syncNow(folder)
    } finally {
      this.#underWay.delete(folder)
      if (mine.next) this.sync(folder).then(mine.next.resolve, mine.next.reject)
    }
  }
}

/** Windows opens no folders; some mounted file systems do not sync them. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => null)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
