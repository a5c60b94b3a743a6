import { createHash, randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { HashThread } from '../../../server/storage/hash-thread.ts'

describe('the hashing thread', () => {
  const thread = new HashThread()
  afterEach(async () => await thread.close())

  const sha256 = (...pieces: Uint8Array[]) => createHash('sha256').update(Buffer.concat(pieces)).digest('hex')
  const bytes = (size: number) => new Uint8Array(randomBytes(size))

  it('hashes many things at once, each by itself', async () => {
    const things = Array.from({ length: 20 }, () => Array.from({ length: 10 }, () => bytes(100_000)))
    const expected = things.map((pieces) => sha256(...pieces))
    const hashes = things.map(() => thread.open())
    for (let index = 0; index < 10; index++) {
      await Promise.all(hashes.map(async (hash, thing) => await hash.update([things[thing]![index]!])))
    }
    expect(await Promise.all(hashes.map(async (hash) => await hash.digest()))).toEqual(expected)
  })

  it('takes away what is given to it, but no neighbour in the same memory', async () => {
    const shared = bytes(1000)
    const neighbour = shared.subarray(500)
    const [first, second] = [Uint8Array.from(shared.subarray(0, 500)), Uint8Array.from(neighbour)]
    const whole = bytes(300)
    const expected = sha256(first, whole)
    const hash = thread.open()
    await hash.update([shared.subarray(0, 500), whole])
    expect(await hash.digest()).toBe(expected)
    expect(whole.byteLength).toBe(0)
    expect(neighbour).toEqual(second)
  })

  it('hashes nothing to the hash of nothing', async () => {
    expect(await thread.open().digest()).toBe(sha256())
  })

  it('says so when it was lost, and works again', async () => {
    const hash = thread.open()
    await hash.update([bytes(10)])
    await thread.close()
    await expect(hash.digest()).rejects.toThrow(/lost|unknown/)
    const piece = bytes(10)
    const [again, expected] = [thread.open(), sha256(piece)]
    await again.update([piece])
    expect(await again.digest()).toBe(expected)
  })
})
