import { describe, expect, it } from 'vitest'
import { DeliveryFeed } from '../../client/bulk/delivery-feed.ts'
import { deliveryWay } from '../../client/bulk/delivery-tally.ts'
import type { DeliveriesPage, DeliveryChange, DeliveryState, DeliveryView, StoredEvent } from '../../shared/protocol/views.ts'

const accounts: DeliveriesPage['accounts'] = [
  { id: 'a', name: 'Berlin', driver: 'directory', counts: {} },
  { id: 'b', name: 'Cairo', driver: 's3', counts: {} },
]
const row = (account: string, file: number, state: DeliveryState, rest: Partial<DeliveryView> = {}): DeliveryView => ({
  account,
  file,
  state,
  attempts: 0,
  bytes: 0,
  size: 100,
  ...rest,
})
const page = (lastSeq: number, deliveries: DeliveryView[], next: string | null = null): DeliveriesPage => ({ lastSeq, accounts, deliveries, next })
const event = (seq: number, account: string, file: number, state: DeliveryState, rest: Partial<DeliveryChange> = {}): StoredEvent => ({
  seq,
  at: '2026-11-21T10:00:00.000Z',
  type: 'log',
  data: { delivery: { account, file, state, attempts: 1, ...rest } },
})
const states = (feed: DeliveryFeed): DeliveryState[][] =>
  accounts.map((_account, place) => Array.from({ length: feed.board!.files }, (_none, file) => feed.board!.state(place, file)))

/** A snapshot whose pages are given when the test says so. */
function slowly(...pages: DeliveriesPage[]) {
  const gates = pages.map(() => Promise.withResolvers<undefined>())
  let at = 0
  const read = async (): Promise<DeliveriesPage> => {
    const mine = at++
    await gates[mine]?.promise
    return pages[mine] ?? page(0, [])
  }
  return { read, give: (which: number) => gates[which]?.resolve(undefined) }
}

const feedOf = async (...pages: DeliveriesPage[]): Promise<DeliveryFeed> => {
  const feed = new DeliveryFeed()
  const given = [...pages]
  await feed.read(2, async () => await Promise.resolve(given.shift()!))
  return feed
}

describe('the board of deliveries', () => {
  it('takes events that come while its snapshot is read, in their order, after its last page', async () => {
    const feed = new DeliveryFeed()
    const { read, give } = slowly(page(4, [row('a', 0, 'waiting'), row('a', 1, 'waiting')], 'more'), page(6, [row('b', 0, 'copied')]))
    const reading = feed.read(2, read)
    feed.push([event(5, 'a', 0, 'valid'), event(6, 'b', 0, 'copied')])
    give(0)
    feed.push([event(7, 'a', 0, 'copied'), event(8, 'b', 0, 'delivered')])
    expect(feed.board).toBeNull()
    give(1)
    await reading
    expect(states(feed)).toEqual([
      ['copied', 'waiting'],
      ['delivered', 'waiting'],
    ])
  })

  it('changes nothing by events that its snapshot had seen', async () => {
    const feed = await feedOf(page(9, [row('a', 0, 'verified', { attempts: 2, path: 'x.png' })]))
    feed.push([event(7, 'a', 0, 'failed'), event(8, 'a', 0, 'waiting'), event(9, 'a', 0, 'verified')])
    expect(feed.board?.delivery(0, 0)).toMatchObject({ state: 'verified', attempts: 2, path: 'x.png' })
    expect(feed.board?.totals.verified).toBe(1)
  })

  it('is right again at once when rows were newer than the number that was read before them', async () => {
    const feed = await feedOf(page(9, [row('a', 0, 'verified')]))
    feed.push([event(10, 'a', 0, 'delivered'), event(11, 'a', 0, 'verified')])
    feed.push([event(10, 'a', 0, 'delivered'), event(11, 'a', 0, 'verified')])
    expect(states(feed)[0]).toEqual(['verified', 'waiting'])
    expect(deliveryWay.map((state) => feed.board!.totals.of(state))).toEqual([3, 0, 0, 0, 1, 0, 0, 0])
  })

  it('needs no event that came before the snapshot was asked for', async () => {
    const feed = new DeliveryFeed()
    feed.push([event(3, 'a', 0, 'failed')])
    await feed.read(2, async () => await Promise.resolve(page(5, [row('a', 0, 'verified')])))
    expect(states(feed)[0]).toEqual(['verified', 'waiting'])
  })

  it('goes on with what it had when a snapshot can’t be read, and misses nothing', async () => {
    const feed = await feedOf(page(1, [row('a', 0, 'waiting')]))
    const lost = feed.read(2, async () => {
      feed.push([event(2, 'a', 0, 'valid')])
      return await Promise.reject(new Error('lost'))
    })
    await expect(lost).rejects.toThrow('lost')
    expect(states(feed)[0]).toEqual(['valid', 'waiting'])
  })

  it('keeps what an event does not say, and forgets an error that is over', async () => {
    const error = { code: 'destination_full', message: 'full' } as const
    const feed = await feedOf(page(1, [row('b', 1, 'failed', { path: 'b.png', sha256: 'c', size: 7, bytes: 7, error, notBefore: 'then' })]))
    feed.push([event(2, 'b', 1, 'copied', { attempts: 3 })])
    expect(feed.board?.delivery(1, 1)).toEqual(row('b', 1, 'copied', { path: 'b.png', sha256: 'c', size: 7, bytes: 7, attempts: 3 }))
  })

  it('adds up by account, by file and in all, whatever happens', async () => {
    const feed = await feedOf(page(1, [row('a', 0, 'verified'), row('b', 0, 'failed'), row('b', 1, 'skipped')]))
    feed.push([event(2, 'b', 0, 'waiting'), event(3, 'a', 1, 'stopped'), event(4, 'b', 0, 'verified')])
    const { board } = feed
    const sums = [board!.totals, board!.accountTally(0), board!.accountTally(1), board!.fileTally(0), board!.fileTally(1)]
    expect(sums.map(({ verified, failures, final, total }) => [verified, failures, final, total])).toEqual([
      [2, 1, 4, 4],
      [1, 1, 2, 2],
      [1, 0, 2, 2],
      [2, 0, 2, 2],
      [0, 1, 2, 2],
    ])
  })

  it('says when it has to be read again: an event told of what it does not know', async () => {
    const feed = await feedOf({ ...page(1, []), accounts: [] })
    expect(feed.stale).toBe(false)
    feed.push([event(2, 'a', 0, 'valid')])
    expect(feed.stale).toBe(true)
    await feed.read(2, async () => await Promise.resolve(page(2, [row('a', 0, 'valid')])))
    expect(feed.stale).toBe(false)
  })

  it('knows what is being sent now, and forgets it with the next word', async () => {
    const feed = await feedOf(page(1, []))
    feed.board?.setSending([
      { account: 'b', file: 1, bytes: 5, size: 10 },
      { account: 'unknown', file: 0, bytes: 1, size: 2 },
    ])
    expect(feed.board?.sending(1, 1)).toMatchObject({ bytes: 5, size: 10 })
    feed.board?.setSending([])
    expect(feed.board?.sending(1, 1)).toBeUndefined()
  })
})
