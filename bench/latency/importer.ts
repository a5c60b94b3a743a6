import { once } from 'node:events'
import { existsSync, watch } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Importer, Job, JobContext, JobOutcome } from '../../server/jobs/importer.ts'

/** Waits for the file `start`, then logs so many lines a second, each with the time at which it was given to `log`. */
export type Pace = { start: string; lines: number; perSecond: number }

export const importer: Importer = {
  async run(job: Job, context: JobContext): Promise<JobOutcome> {
    const [file] = job.files
    if (!file) throw new Error('a paced run has a file')
    const [{ start, lines, perSecond }] = JSON.parse(await text(file.open())) as [Pace]
    await fileToAppear(start)
    const begun = Date.now()
    for (let line = 1; line <= lines; line++) {
      const due = begun + (line * 1000) / perSecond
      await delay(Math.max(0, due - Date.now()))
      const ledger = { total: lines, succeeded: line, failed: 0, skipped: 0, notReached: lines - line }
      context.progress({ percent: (line * 100) / lines, done: line, total: lines, unit: 'records', ledger })
      await context.log('info', `line ${line} of ${lines}, sent ${Date.now()}`)
    }
    return { status: 'succeeded', ledger: { total: lines, succeeded: lines, failed: 0, skipped: 0, notReached: 0 } }
  },
}

async function fileToAppear(file: string): Promise<void> {
  const watcher = watch(path.dirname(file))
  while (!existsSync(file)) await once(watcher, 'change')
  watcher.close()
}
