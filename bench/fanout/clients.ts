import { Client } from './client.ts'
import type { Tally, Watched } from './client.ts'

/** What the process is told, as JSON in its first argument: where the clients connect in turn, and what they watch there, if anything. */
export type ClientsTask = { count: number; urls: string[]; importId: string | null; token: string }

/** What it says at the end, in milliseconds but for the counts. `last`: the lowest and the highest number that any client has seen last. */
export type Received = { messages: number; lags: number; holes: number; last: [number, number]; p50: number; p99: number; max: number }

const atATime = 100

/** Many clients in a process of their own. Prints `watching` when all do, and at the end what they saw. */
async function main({ count, urls, importId, token }: ClientsTask): Promise<void> {
  const tally: Tally = { messages: 0, lags: 0, holes: 0, took: new Uint32Array(120_000) }
  const clients: Client[] = []
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(atATime, count - clients.length) }, (_, index) => {
      const url = urls[index % urls.length]!
      const watched: Watched | null = importId === null ? null : { url, importId, token }
      return new Client(url, watched, tally)
    })
    await Promise.all(some.map(async ({ ready }) => await ready.promise))
    clients.push(...some)
  }
  process.stdout.write('watching\n')
  await Promise.all(clients.map(async ({ done }) => await done.promise))
  const seen = clients.map(({ last }) => last)
  for (const client of clients) client.close()
  process.stdout.write(`${JSON.stringify(inFigures(tally, [Math.min(...seen), Math.max(...seen)]))}\n`)
}

function inFigures({ took, ...counts }: Tally, last: [number, number]): Received {
  const at = (share: number): number => {
    let left = counts.messages * share
    return took.findIndex((some) => (left -= some) <= 0)
  }
  return { ...counts, last, p50: at(0.5), p99: at(0.99), max: took.findLastIndex((some) => some > 0) }
}

await main(JSON.parse(process.argv[2] ?? '') as ClientsTask)
