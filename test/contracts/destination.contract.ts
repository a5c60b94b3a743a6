import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../server/errors.ts'
import type { Content, DeliveryOrder, Destination, Transfer } from '../../server/destinations/destination.ts'
import { eventually } from '../support/eventually.ts'
import { Gate } from '../support/promised-gate.ts'
import type { DestinationFactory, DestinationSubject } from './destination-subject.ts'

const mib = 1024 * 1024
const big = Buffer.alloc(24 * mib, 'many megabytes that differ in their places '.repeat(7))
const never = new AbortController().signal

/** What every driver of the seam `Destination` has to do. */
export function describeDestination({ name, capabilities, hasLogin, breaks, create }: DestinationFactory): void {
  describe(`a destination ${name}`, () => {
    let subject: DestinationSubject
    let destination: Destination
    beforeAll(async () => {
      subject = await create()
    })
    beforeEach(async () => {
      destination = await subject.open()
    })
    afterEach(async () => {
      subject.way?.heal()
      await destination.close()
    })
    afterAll(async () => await subject.close())

    const deliver = async (order: DeliveryOrder, content: Content, transfer: Partial<Transfer> = {}) =>
      await destination.deliver(content, order, { signal: never, progress: () => undefined, ...transfer })
    const fileAt = async (path: string) => (await subject.files()).get(path)
    const isAt = async (path: string, bytes: Buffer) => (await fileAt(path))?.equals(bytes) ?? false

    it('has the capabilities that its contract is run with', () => {
      expect(destination.capabilities).toEqual(capabilities)
    })

    it('is tried without leaving anything behind', async () => {
      const before = [...(await subject.files()).keys()]
      expect((await destination.probe(never)).description).toMatch(/\w/)
      expect([...(await subject.files()).keys()]).toEqual(before)
    })

    it.each([
      ['a small file', 'file.txt', Buffer.from('small')],
      ['an empty file', 'empty.bin', Buffer.alloc(0)],
      ['a large file', 'large.bin', big],
      ['a file in folders that are not there', 'one/two words/three/file.txt', Buffer.from('deep')],
      ['a name in any script', 'Папка/ملف & «100 %» #1 ?.txt', Buffer.from('script')],
    ])('gets %s whole', async (_what, path, bytes) => {
      const order = orderOf(bytes, `${randomUUID()}/${path}`)
      const told: number[] = []
      expect(await deliver(order, contentOf(bytes), { progress: (sent) => told.push(sent) })).toEqual({ outcome: 'delivered', resumedAt: 0 })
      expect(await isAt(order.path, bytes)).toBe(true)
      expect(await destination.verify(order, never)).toEqual({ compared: capabilities.verifies })
      expect(told).toEqual(told.toSorted((a, b) => a - b))
      expect(told.at(-1) ?? 0).toBe(bytes.length)
    })

    it('gets a file that lies on this machine, for its readers as any other', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'intake-content-'))
      const file = path.join(folder, 'kept')
      await writeFile(file, big, { mode: 0o600 })
      const order = orderOf(big)
      await deliver(order, Object.assign(contentOf(big), { file }))
      expect(await isAt(order.path, big)).toBe(true)
      await rm(folder, { recursive: true })
      expect(await deliver(order, Object.assign(contentOf(big), { file }))).toMatchObject({
        outcome: capabilities.keepsOthers ? 'already_there' : 'delivered',
      })
    })

    it('shows a file when all of it is there, not before', async () => {
      const order = orderOf(big)
      const gate = new Gate()
      const delivery = deliver(order, () => Readable.from(waitingInTheMiddle(big, gate), { objectMode: false }))
      await gate.reached
      expect(await fileAt(order.path)).toBeUndefined()
      gate.open()
      await delivery
      expect(await isAt(order.path, big)).toBe(true)
    })

    it('takes several files at once', async () => {
      const folder = randomUUID()
      const files = Array.from({ length: 8 }, (_none, index) => Buffer.alloc(300_000 + index, `file ${index}`))
      const orders = files.map((bytes, index) => orderOf(bytes, `${folder}/${index}.bin`))
      await Promise.all(orders.map(async (order, index) => await deliver(order, contentOf(files[index]!))))
      for (const [index, order] of orders.entries()) expect(await isAt(order.path, files[index]!)).toBe(true)
    })

    it('stops when it is told to, and leaves nothing when the order is given up', async () => {
      const order = orderOf(big)
      const before = (await subject.files()).size
      const [gate, stop] = [new Gate(), new AbortController()]
      const reason = new AppError('cancelled', 'Enough.')
      const content = () => Readable.from(waitingInTheMiddle(big, gate), { objectMode: false })
      const delivery = deliver(order, content, { signal: stop.signal })
      const ended = Promise.allSettled([delivery])
      await gate.reached
      stop.abort(reason)
      gate.open()
      expect(await ended).toEqual([{ status: 'rejected', reason }])
      await destination.abandon(order)
      expect((await subject.files()).size).toBe(before)
    })

    it('passes on what reading the file throws, and shows nothing of it', async () => {
      const order = orderOf(big)
      const failure = new AppError('upload_gone', 'It is gone.')
      const failing = () => Readable.from(failingInTheMiddle(big, failure), { objectMode: false })
      await expect(deliver(order, failing)).rejects.toMatchObject({ code: 'upload_gone' })
      const short = (start: number) => Readable.from([big.subarray(start, big.length - 1)], { objectMode: false })
      await expect(deliver(order, short)).rejects.toMatchObject({ code: 'file_damaged' })
      const long = (start: number) => Readable.from([big.subarray(start), Buffer.from('x')], { objectMode: false })
      await expect(deliver(order, long)).rejects.toMatchObject({ code: 'file_damaged' })
      expect(await fileAt(order.path)).toBeUndefined()
      await destination.abandon(order)
    })

    const describeLogin = () => {
      it('says when it does not know the login', async () => {
        const asStranger = await subject.openAsStranger!()
        const known = { code: 'destination_login_refused', retryable: false }
        await expect(asStranger.probe(never)).rejects.toMatchObject(known)
        await expect(asStranger.deliver(contentOf(big), orderOf(big), { signal: never, progress: () => undefined })).rejects.toMatchObject(known)
        await asStranger.close()
      })
    }
    if (hasLogin) describeLogin()

    const describeKeeping = () => {
      it('does not get a file twice', async () => {
        const order = orderOf(big)
        await deliver(order, contentOf(big))
        const sent = subject.way?.sent() ?? 0
        expect(await deliver(order, contentOf(big))).toEqual({ outcome: 'already_there', resumedAt: 0 })
        expect((subject.way?.sent() ?? 0) - sent).toBeLessThan(mib)
      })

      it('keeps what lies in the place of a file', async () => {
        const order = orderOf(big)
        const other = Buffer.alloc(big.length, 'another file of the same length')
        await subject.put(order.path, other)
        await expect(deliver(order, contentOf(big))).rejects.toMatchObject({ code: 'destination_refused', retryable: false })
        expect(await isAt(order.path, other)).toBe(true)
      })

      it('misses a file that is gone', async () => {
        const order = orderOf(big)
        await expect(destination.verify(order, never)).rejects.toMatchObject({ code: 'destination_damaged' })
        // There is nothing to take away before it is sent again.
        await destination.withdraw(order, never)
        await deliver(order, contentOf(big))
        expect(await isAt(order.path, big)).toBe(true)
      })
    }
    if (capabilities.keepsOthers) describeKeeping()

    const describeBreaks = () => {
      it('that breaks off in the middle of a file gets the rest of it with the next try', async () => {
        const way = subject.way!
        const order = orderOf(big)
        const gate = new Gate()
        const delivery = deliver(order, () => Readable.from(waitingInTheMiddle(big, gate), { objectMode: false }))
        await gate.reached
        // What is on its way when it breaks may be lost; what has come is kept.
        if (subject.keptOf) await eventually(async () => expect(await subject.keptOf!(order.path)).toBeGreaterThanOrEqual(8 * mib))
        way.breakAfter(mib)
        gate.open()
        await expect(delivery).rejects.toMatchObject({ code: 'destination_unreachable', retryable: true })
        expect(await fileAt(order.path)).toBeUndefined()
        way.heal()
        const sent = way.sent()
        const delivered = await deliver(order, contentOf(big))
        expect(await isAt(order.path, big)).toBe(true)
        expect(subject.keptOf !== null).toBe(capabilities.resumable)
        if (!capabilities.resumable) return
        expect(delivered.resumedAt).toBeGreaterThanOrEqual(8 * mib)
        expect(way.sent() - sent).toBeLessThan(big.length - 7 * mib)
      })

      it('that can’t be reached says so, and works when it is back', async () => {
        const way = subject.way!
        const [order, bytes] = [orderOf(Buffer.from('later')), Buffer.from('later')]
        way.breakAfter(0)
        await expect(deliver(order, contentOf(bytes))).rejects.toMatchObject({ code: 'destination_unreachable', retryable: true })
        way.heal()
        await deliver(order, contentOf(bytes))
        expect(await isAt(order.path, bytes)).toBe(true)
      })
    }
    if (breaks) describeBreaks()

    const describeComparing = () => {
      it('finds a file that is not the one that was delivered', async () => {
        const order = orderOf(big)
        await deliver(order, contentOf(big))
        await subject.put(order.path, Buffer.alloc(big.length - 1))
        await expect(destination.verify(order, never)).rejects.toMatchObject({ code: 'destination_damaged' })
        if (capabilities.verifies !== 'content') return
        await subject.put(order.path, Buffer.alloc(big.length, 'the same length'))
        await expect(destination.verify(order, never)).rejects.toMatchObject({ code: 'destination_damaged' })
        // It is taken away, or replaced: the next try brings the right one.
        await destination.withdraw(order, never)
        await deliver(order, contentOf(big))
        expect(await isAt(order.path, big)).toBe(true)
      })
    }
    if (capabilities.verifies !== 'nothing') describeComparing()

    it.each(['', '.', '..', '../x', 'a/../x', '/x', 'a//x', 'a/', 'a\\x', 'a\0x', 'a\nx', 'x'.repeat(256)])('refuses the path %j', async (path) => {
      const order = orderOf(Buffer.from('x'), path)
      await expect(deliver(order, contentOf(Buffer.from('x')))).rejects.toMatchObject({ code: 'destination_refused' })
    })
  })
}

function orderOf(bytes: Buffer, path = `${randomUUID()}/file.bin`): DeliveryOrder {
  return { path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), idempotencyKey: `run/${randomUUID()}` }
}

/** In pieces, as files are read. */
function contentOf(bytes: Buffer): Content {
  return (start) => Readable.from(inPieces(bytes.subarray(start)), { objectMode: false })
}

function* inPieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 256 * 1024) yield bytes.subarray(at, at + 256 * 1024)
}

async function* waitingInTheMiddle(bytes: Buffer, gate: Gate): AsyncGenerator<Buffer> {
  yield* inPieces(bytes.subarray(0, 12 * mib))
  await gate.pass()
  yield* inPieces(bytes.subarray(12 * mib))
}

function* failingInTheMiddle(bytes: Buffer, failure: Error): Generator<Buffer> {
  yield* inPieces(bytes.subarray(0, 12 * mib))
  throw failure
}
