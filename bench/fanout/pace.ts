import { once } from 'node:events'
import { existsSync, watch } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Waits for the file `start`, then so many batches of so many lines, at a rate. */
export type Pace = { start: string; batches: number; perSecond: number; lines: number }

/** Yields the lines of each batch when it is due. */
export async function* batches({ start, batches: count, perSecond, lines }: Pace): AsyncGenerator<string[]> {
  await fileToAppear(start)
  const begun = Date.now()
  for (let batch = 1; batch <= count; batch++) {
    await delay(Math.max(0, begun + (batch * 1000) / perSecond - Date.now()))
    yield Array.from({ length: lines }, (_, line) => `library.book ${batch * lines + line}: inserted with 3 references`)
  }
}

async function fileToAppear(file: string): Promise<void> {
  const watcher = watch(path.dirname(file))
  while (!existsSync(file)) await once(watcher, 'change')
  watcher.close()
}
