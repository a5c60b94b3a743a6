import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyName, shortIdOf, standardTemplate } from '../../server/importers/bulk/copies/copy-name.ts'
import { paths } from '../../shared/protocol/paths.ts'
import type { DeliveryView } from '../../shared/protocol/views.ts'
import { addEndpoint, bulkSettings, deliveriesOf, pngOf, startedBulk } from '../support/bulk.ts'
import type { BulkFile } from '../support/bulk.ts'
import { startHttpEndpoint } from '../support/destinations/http-endpoint.ts'
import type { HttpEndpointServer } from '../support/destinations/http-endpoint.ts'
import { eventually } from '../support/eventually.ts'
import { ServerProcess } from '../support/server-process.ts'
import { openPlaces } from './bulk/places.ts'
import type { Fault, Place, Places } from './bulk/places.ts'
import { logFaults } from './log-faults.ts'
import { firstSeed, SeededRandom } from './seeded-random.ts'

/** By hand all of it: `FAULT_FILES=200 FAULT_ACCOUNTS=20 npx vitest run test/faults/bulk.test.ts`. */
const fileCount = Number(process.env['FAULT_FILES'] ?? 20)
const accountCount = Number(process.env['FAULT_ACCOUNTS'] ?? 5)
const seed = firstSeed(process.env)
/** Of few deliveries more, so that there are some. */
const faulty = Math.max(0.03, 8 / (fileCount * accountCount))
const largeBytes = 9 * 1024 * 1024
/** On a busy machine. */
const longestMs = 300_000 + fileCount * accountCount * 400

function filesOf(random: SeededRandom): BulkFile[] {
  return Array.from({ length: fileCount }, (_none, index) => {
    if (index % 5 === 0) return { name: `picture ${index}.png`, bytes: pngOf(index % 256) }
    // Two that stores are sent in parts.
    const length = index === 1 || index === 7 ? largeBytes : random.between(1, 60_000)
    return { name: `file ${index}.dat`, bytes: new Uint8Array(Buffer.alloc(length, `file ${index} of seed ${seed} `)) }
  })
}

describe(`${fileCount} files to ${accountCount} accounts of all drivers, with faults and two kills (seed ${seed})`, () => {
  let server: ServerProcess
  let gate: HttpEndpointServer
  let all: Places
  const random = new SeededRandom(seed)
  const injected = new Map<string, Fault>()
  const keyOf = ({ file, account }: Pick<DeliveryView, 'file' | 'account'>) => `${file} ${account}`

  beforeAll(async () => {
    gate = await startHttpEndpoint()
    server = await ServerProcess.start({ ...bulkSettings, JOB_CONCURRENCY: '1' })
    all = await openPlaces(await server.admin(), server.dataDir, accountCount)
  })
  afterAll(async () => {
    await all.close()
    await server.close()
    await gate.close()
  })

  /** Chooses what goes wrong, and sees to it before anything is delivered. */
  function inject(importId: string, files: BulkFile[]): void {
    for (const { name: account, account: id, faults, room = Infinity, spoil } of all.places) {
      const chosen = new Map<string, Fault>()
      for (const [file, { name, bytes }] of files.entries()) {
        const fault = bytes.length > room ? 'full' : faults.length > 0 && random.next() < faulty ? random.pick(faults) : null
        if (fault === null) continue
        chosen.set(copyName(standardTemplate, { sent: name, account, shortId: shortIdOf(importId, file, id) }), fault)
        if (fault !== 'slow') injected.set(keyOf({ file, account: id }), fault)
      }
      spoil(chosen)
    }
  }

  /** kill -9 when a part of what tells has arrived, twice. */
  async function killTwice(): Promise<void> {
    const telling = all.places.filter(({ faults }) => faults.includes('cut')).length * fileCount
    for (const part of [0.3, 0.4]) {
      const enough = Promise.withResolvers<void>()
      let arrived = 0
      all.onArrival(() => ++arrived >= part * telling * (0.5 + random.next()) && enough.resolve())
      await enough.promise
      await server.restart('SIGKILL')
    }
    all.onArrival(() => {})
  }

  it(
    'ends each delivery once, in the right place, with the right bytes; a retry heals what failed and touches no other',
    async () => {
      const api = await server.admin()
      const opened = Promise.withResolvers<void>()
      gate.breakBy(({ method }) => (method === 'PUT' ? opened.promise : null))
      const before = await startedBulk(api, [{ name: 'first.txt', bytes: 'waits' }], { accounts: [await addEndpoint(api, 'gate', gate)] })
      const files = filesOf(random)
      const id = await startedBulk(api, files, { accounts: all.places.map(({ account }) => account) })
      inject(id, files)
      opened.resolve()
      await api.ended(before)
      await killTwice()

      // A connection from before the kill may be taken once more.
      const again = await eventually(async () => await server.admin())
      const view = await again.ended(id)
      const total = fileCount * all.places.length
      expect(view).toMatchObject({
        status: injected.size === 0 ? 'succeeded' : 'partly_failed',
        attempt: 3,
        ledger: { total, succeeded: total - injected.size, failed: injected.size, skipped: 0, notReached: 0 },
      })
      const { deliveries } = await deliveriesOf(again, id)
      expect(new Set(deliveries.filter(({ state }) => state === 'failed').map(keyOf))).toEqual(new Set(injected.keys()))
      await expectThere(deliveries)
      expect(logFaults(await again.events(id), view.lastSeq, view.logChecksum)).toEqual([])

      const untouched = new Map(all.places.map((place) => [place.account, place.found()]))
      all.sent()
      for (const place of all.places) place.heal()
      await turn()
      await again.request('POST', paths.retry(id), { json: { only: 'failed' } })
      expect(await again.ended(id)).toMatchObject({ status: 'succeeded', ledger: { total, succeeded: total, failed: 0, notReached: 0 } })
      const healed = (await deliveriesOf(again, id)).deliveries
      await expectThere(healed)
      for (const place of all.places) {
        const found = place.found()
        for (const [file, { touched }] of untouched.get(place.account)!) expect(found.get(file)!.touched, file).toBe(touched)
      }
      await turn()
      const failedPaths = healed.filter((delivery) => injected.has(keyOf(delivery))).map((delivery) => String(delivery.path))
      for (const file of all.sent()) expect(failedPaths).toContain(file.replace(/^[^/]+\//, ''))
      const told = (await again.events(id)).filter(({ seq, stream }) => seq > view.lastSeq && stream?.startsWith('account/'))
      const cells = told.map(({ data }) => keyOf((data as { delivery: DeliveryView }).delivery))
      expect(new Set(cells)).toEqual(new Set(injected.keys()))
    },
    longestMs,
  )

  /** At each place lies what its rows say, and nothing else. */
  async function expectThere(deliveries: DeliveryView[]): Promise<void> {
    const told = Map.groupBy(deliveries, ({ account }) => account)
    for (const place of all.places) {
      await turn()
      const verified = told.get(place.account)!.filter(({ state }) => state === 'verified')
      const expected = verified.map((delivery): [string, string] => [String(delivery.path), String(delivery.sha256)])
      const found = [...place.found()].map(([file, { sha256 }]): [string, string] => [file, sha256])
      const kept = place.kept().filter((key) => injected.get(key.split('/').slice(1).join(' ')) !== 'wrong checksum')
      expect(kept, nameOf(place)).toHaveLength(new Set(kept).size)
      expect(found.toSorted(byName), nameOf(place)).toEqual(expected.toSorted(byName))
    }
  }
})

/** So much is hashed here that the server ends connections meanwhile: it has to be heard of before one is taken again. */
const turn = async (): Promise<void> => {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => void setImmediate(resolve))
}
const nameOf = ({ name, faults }: Place): string => `${name} (${faults.join(', ')})`
const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1)
