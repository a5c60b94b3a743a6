import { describe, expect, it } from 'vitest'
import { AccountLane } from '../../../server/importers/bulk/run/account-lane.ts'
import { Pace } from '../../../server/importers/bulk/run/pace.ts'
import { RunProgress } from '../../../server/importers/bulk/run/run-progress.ts'
import { contentProblem } from '../../../server/importers/bulk/steps/content-kinds.ts'
import type { BulkPorts } from '../../../server/jobs/delivery-book.ts'
import { fileWorkHere } from '../../../server/storage/file-work.ts'
import { pngOf } from '../../support/bulk.ts'

const png = Buffer.from(pngOf(1))
const never = new AbortController().signal

describe('the content of a file', () => {
  it.each([
    ['picture.png', png],
    ['PICTURE.PNG', png],
    ['unknown.xyz', png],
    ['without ending', Buffer.from('anything')],
    ['notes.txt', Buffer.from('MZ is how this text begins')],
    ['empty.txt', Buffer.alloc(0)],
    ['book.epub', Buffer.from('PK\x03\x04')],
    ['song.mp3', Buffer.from([0xff, 0xfb, 0x90, 0x64])],
    ['film.mov', Buffer.from('\0\0\0\x14ftypqt  ')],
    ['firmware.bin', Buffer.from('anything')],
    // What texts begin with, and is in no way a film, a song or a document.
    ['offer.txt', Buffer.from('The free trial ends today')],
    ['table.csv', Buffer.from('no; skip;wide\n')],
    ['row.csv', Buffer.from('a;b;free\n')],
    ['about.md', Buffer.from('ID3 tags are at the beginning of a song')],
    ['magic.txt', Buffer.from('0 string %PDF- PDF document')],
    // Kinds that look otherwise than most of their name.
    ['locked.xlsx', Buffer.from('d0cf11e0a1b11ae1', 'hex')],
    ['part.zip', Buffer.from('PK\x07\x08PK\x03\x04')],
    ['long.wav', Buffer.from('BW64\xff\xff\xff\xffWAVE', 'latin1')],
    ['big-endian.wav', Buffer.from('RIFX\0\0\0\x24WAVE', 'latin1')],
    ['part.mp4', Buffer.from('\0\0\0\x18stypmsdh', 'latin1')],
    ['burst.heic', Buffer.from('\0\0\0\x18ftyphevc', 'latin1')],
  ])('is what %s says', (name, head) => {
    expect(contentProblem(name, head)).toBeNull()
  })

  it.each([
    ['picture.jpg', png, /called a JPEG image, and its content is that of a PNG/],
    ['table.csv', png, /its content is that of a PNG/],
    ['notes.txt', Buffer.from('\x7fELF', 'latin1'), /Linux program/],
    ['holiday.xyz', Buffer.from('MZ\x90\0', 'latin1'), /Windows program/],
    ['picture.png', Buffer.alloc(0), /it is empty/],
    ['film.mp4', Buffer.from('\0\0\0\x18ftypavif'), /HEIF or AVIF/],
    ['paper.pdf', Buffer.from('<html>'), /its content is something else/],
    ['notes.txt', Buffer.from('%PDF-1.7'), /its content is that of a PDF/],
    ['notes.txt', Buffer.from('\0\0\0\x08free\0\0\0\0mdat', 'latin1'), /its content is that of an MP4/],
    ['picture.png', Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'), /called a PNG image, and its content is that of an MP3/],
    ['table.xlsx', Buffer.from('<html>'), /called a zip archive, and its content is something else/],
  ])('is not what %s says', (name, head, problem) => {
    expect(contentProblem(name, head)).toMatch(problem)
  })
})

it('the destination of an account that is being closed is not given to whoever comes meanwhile', async () => {
  const limits = { concurrency: 1, bytesPerSecond: null, maxBytes: null }
  const account = async () => ({ ok: true, place: { driver: 'directory', address: { folder: 'account' }, secrets: {} }, limits }) as const
  const ports = { book: { account }, rules: { hosts: [], deliveriesDir: '/nowhere', destinationDirs: [] } } as unknown as BulkPorts
  const lane = new AccountLane({ id: 'account', name: 'Account' }, ports, fileWorkHere)
  const { destination: former } = await lane.open()
  const closed = lane.close()
  expect((await lane.open()).destination).not.toBe(former)
  await closed
  await lane.close()
})

describe('the rate of an account', () => {
  it('is kept to by turns as long as what is sent', async () => {
    const turns: number[] = []
    const turn = async (lastsMs: number) => {
      turns.push(lastsMs)
      return 0
    }
    const pace = new Pace(turn, 1_000_000)
    for await (const _piece of pace.slowed(pieces(600_000), never)) void _piece
    expect(turns).toEqual([250, 250, 100])
  })

  it('does not hold up who is to stop', async () => {
    const stop = new AbortController()
    const slow = new Pace(async () => 60_000, 1024).slowed(pieces(100_000), stop.signal)
    const next = slow.next()
    stop.abort(new Error('enough'))
    await expect(next).rejects.toThrow()
  })
})

async function* pieces(bytes: number): AsyncGenerator<Buffer> {
  yield Buffer.alloc(bytes)
}

it('a run is not told to be at 100 % before its last delivery has ended, though all bytes are sent', () => {
  const told: number[] = []
  const counts = { waiting: 0, valid: 0, copied: 2, delivered: 0, verified: 1, failed: 0, stopped: 0, skipped: 0 }
  const progress = new RunProgress({ progress: ({ percent }) => void told.push(percent ?? -1) }, counts)
  progress.sent({ file: 0, account: 'a' }, 10, 10)
  progress.sent({ file: 1, account: 'a' }, 10, 10)
  for (const file of [0, 1]) {
    progress.sentAll({ file, account: 'a' })
    progress.moved('copied', 'delivered')
  }
  for (let verified = 0; verified < 2; verified++) progress.moved('delivered', 'verified')
  expect(told.slice(0, -1).every((percent) => percent < 100)).toBe(true)
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  expect(told.at(-1)).toBe(100)
})
