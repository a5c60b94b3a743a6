import { Watcher } from '../../test/support/watcher.ts'
import { latencies, sentAt } from './figures.ts'

/** Many sockets that watch one import session, in a process of their own. Prints `watching` when all do, and at the end of the run what they saw, as JSON. */
const [, , url = '', importId = '', token = '', count = '0'] = process.argv
const came: number[] = []

const watchers = Array.from({ length: Number(count) }, () => {
  const watcher = new Watcher(url, importId, { token })
  watcher.socket.on('event', ({ events }) => {
    for (const event of events) {
      const sent = sentAt(event.message ?? '')
      if (sent !== null) came.push(Date.now() - sent)
    }
  })
  return watcher
})
await Promise.all(watchers.map(async (watcher) => await watcher.until(({ view }) => view !== undefined)))
process.stdout.write('watching\n')
await Promise.all(watchers.map(async (watcher) => await watcher.untilEnd()))
for (const watcher of watchers) watcher.close()
process.stdout.write(`${JSON.stringify(latencies(came))}\n`)
