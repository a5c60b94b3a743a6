/** Where a page keeps its watch tokens: for this tab, over a reload, never in an address. */
export type TokenStorage = {
  get(importId: string): string | null
  set(importId: string, token: string): void
  remove(importId: string): void
  /** Forgets all of them: the person wants this device to stop watching. */
  clear(): void
}

const prefix = 'intake.watch.'

/** Watch tokens in `sessionStorage`. A browser that refuses to store costs the reload, not the watching. */
export function sessionTokens(storage: Storage): TokenStorage {
  return {
    get: (importId) => attempt(() => storage.getItem(prefix + importId)) ?? null,
    set: (importId, token) => attempt(() => storage.setItem(prefix + importId, token)),
    remove: (importId) => attempt(() => storage.removeItem(prefix + importId)),
    clear: () =>
      attempt(() => {
        for (const key of Object.keys(storage)) if (key.startsWith(prefix)) storage.removeItem(key)
      }),
  }
}

function attempt<T>(access: () => T): T | undefined {
  try {
    return access()
  } catch {
    return undefined
  }
}
