import { vi } from 'vitest'

/** Waits until a check passes, also where `expect.poll` can't be used: in hooks and contracts. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return await vi.waitFor(check, { timeout: 60_000, interval: 25 })
}
