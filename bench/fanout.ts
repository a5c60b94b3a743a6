import { messageOf } from '../server/errors.ts'
import { measure } from './fanout/measure.ts'
import type { Measured } from './fanout/measure.ts'
import { bareStage, distributedStage, embeddedStage } from './fanout/stages.ts'

const perSecond = 20
const rounds = 3
const promised = { ratio: 1.8, p99: 250 }

/**
 * `npm run bench -- fanout [embedded|distributed|most] [CLIENTS] [SECONDS]`: one room, 20 batches a second of 50 log lines to each client, from a process
 * of their own. What a delivered message costs beside a bare `ws` broadcast of the same text, in turns, and how long it takes. `most` doubles the clients
 * of one process until p99 passes a second; a process that can't keep the pace slows the run down. Promised: nothing lost, 1.8 times the bare broadcast, p99 under 250 ms.
 */
export async function run(args: string[]): Promise<void> {
  const [clients = 1000, seconds = 10] = args.filter((arg) => /^\d+$/.test(arg)).map(Number)
  const only = args.find((arg) => ['embedded', 'distributed', 'most'].includes(arg))
  if (only === 'most') return await findMost(clients, seconds)
  const load = { clients, seconds, perSecond }
  console.log(`${clients} clients, ${perSecond} batches/s of 50 lines, ${rounds} times ${seconds} s in turns with bare ws`)
  if (only !== 'distributed') await compare('one process', embeddedStage, load)
  if (only !== 'embedded') await compare('two serve, one work', distributedStage, load)
}

type Load = { clients: number; seconds: number; perSecond: number }

/** In turns, because what else a machine does changes what everything costs on it. */
async function compare(name: string, open: typeof embeddedStage, load: Load): Promise<void> {
  const [bare, own]: [Measured[], Measured[]] = [[], []]
  for (let round = 1; round <= rounds; round++) {
    bare.push(await measure(bareStage, load))
    console.log(inWords('bare ws', bare.at(-1)!))
    own.push(await measure(open, load))
    console.log(inWords(name, own.at(-1)!))
  }
  judge(name, own, bare, load)
}

/** Each step has a process of its own. */
async function findMost(from: number, seconds: number): Promise<void> {
  for (let clients = from; ; clients *= 2) {
    const measured = await measure(embeddedStage, { clients, seconds, perSecond }).catch((error: unknown) => messageOf(error))
    // A process has so many connections, and so much memory, and no more.
    if (typeof measured === 'string') return console.log(`${clients} clients: ${measured}`)
    const rate = measured.messages / clients / measured.seconds
    console.log(`${inWords(`${clients} clients`, measured)}; ${rate.toFixed(1)} of ${perSecond} batches/s`)
    if (measured.p99 > 1000) return
  }
}

function judge(name: string, own: Measured[], bare: Measured[], { clients, seconds }: Load): void {
  const ratio = mean(own.map(({ cpuMicros }) => cpuMicros)) / mean(bare.map(({ cpuMicros }) => cpuMicros))
  const p99 = Math.max(...own.map((one) => one.p99))
  const whole = own.every(({ last, holes, messages }) => last[0] === last[1] && holes === 0 && messages >= clients * seconds * perSecond)
  const kept = whole && ratio <= promised.ratio && p99 < promised.p99
  console.log(
    `${name}: ${ratio.toFixed(2)} times bare ws, p99 at most ${p99} ms, ${whole ? 'every client saw every event in order' : 'events were LOST'}`,
  )
  console.log(`  promise: nothing lost, ${promised.ratio} times, p99 under ${promised.p99} ms: ${kept ? 'kept' : 'NOT kept'}`)
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function inWords(name: string, { messages, lags, holes, p50, p99, max, cpuMicros, cores, workerCores, bytesPerSocket }: Measured): string {
  const worker = workerCores > 0 ? `, worker ${workerCores.toFixed(2)}` : ''
  return [
    `${name}: ${messages.toLocaleString('en')} messages, ${cpuMicros.toFixed(1)} µs each (${cores.toFixed(2)} cores${worker})`,
    `p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms`,
    `${(bytesPerSocket / 1024).toFixed(0)} kB a socket, ${lags} told to catch up, ${holes} holes`,
  ].join('; ')
}
