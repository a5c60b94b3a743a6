import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withEdits } from '../../../server/importers/bulk/copies/edits.ts'
import { findPlace, mayBearMark } from '../../../server/importers/bulk/copies/find-place.ts'
import { marksIn } from '../../../server/importers/bulk/copies/mark.ts'
import { pngOf } from '../../support/bulk.ts'

const mark = { importId: 'bulk_1763706660000_Zk3p-_x', accountId: 'account_abc-DEF_1', shortId: 'k3j9x2m4q1' }
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const u32 = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 255))
const u32le = (value: number) => Buffer.from(u32(value).toReversed())

/** The copy of a file; null where it takes no mark. */
async function copyOf(bytes: Buffer): Promise<Buffer | null> {
  const source = { size: bytes.length, head: bytes, read: async (start: number, end: number) => bytes.subarray(start, end) }
  const edits = await findPlace(source, mark)
  if (!edits) return null
  expect(mayBearMark(bytes)).toBe(true)
  const copy = Buffer.concat(await Readable.from(withEdits(Readable.from([bytes], { objectMode: true }) as AsyncIterable<Buffer>, edits)).toArray())
  expect(copy.length).toBe(edits.reduce((size, { drop, put }) => size - drop + put.length, bytes.length))
  expect(marksIn(copy.toString('latin1'))).toContainEqual(mark)
  return copy
}

const riff = (...chunks: Buffer[]) => {
  const body = Buffer.concat([latin1('WAVE'), ...chunks])
  return Buffer.concat([latin1('RIFF'), u32le(body.length), body])
}
const chunk = (type: string, data: Buffer) => Buffer.concat([latin1(type), u32le(data.length), data])
const format = chunk('fmt ', Buffer.from('01000100401f0000401f000001000800', 'hex'))
const wav = riff(format, chunk('data', Buffer.alloc(64, 128)))

const box = (type: string, ...data: Buffer[]) => {
  const body = Buffer.concat(data)
  return Buffer.concat([u32(body.length + 8), latin1(type), body])
}
const mp4 = Buffer.concat([box('ftyp', latin1('isom\0\0\0\0')), box('moov', box('mvhd', Buffer.alloc(8))), box('mdat', Buffer.alloc(40))])

const element = (id: string, data: Buffer) => Buffer.concat([Buffer.from(id, 'hex'), Buffer.from([0x40, data.length]), data])
const matroska = (...elements: Buffer[]) =>
  Buffer.concat([element('1a45dfa3', element('4282', latin1('webm'))), element('18538067', Buffer.concat(elements))])
const cluster = element('1f43b675', Buffer.alloc(40))

const page = (flags: number, ...packets: Buffer[]) => {
  const lacing = packets.flatMap(({ length }) => [...Array.from({ length: Math.floor(length / 255) }, () => 255), length % 255])
  return Buffer.concat([latin1(`OggS\0${String.fromCharCode(flags)}`), Buffer.alloc(20), Buffer.from([lacing.length, ...lacing]), ...packets])
}
const opusTags = (count: number) => Buffer.concat([latin1('OpusTags'), u32le(3), latin1('abc'), u32le(count), u32le(5), latin1('A=b c')])
const opus = (count: number) =>
  Buffer.concat([page(2, Buffer.concat([latin1('OpusHead'), Buffer.alloc(11)])), page(0, opusTags(count)), page(4, Buffer.alloc(90))])

/** 128,000 bits a second, 48,000 samples: 384 bytes. */
const frame = (header = 'fffb9400') => Buffer.concat([Buffer.from(header, 'hex'), Buffer.alloc(380)])
const pdf = latin1('%PDF-1.4\n1 0 obj\n<<>>\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1>>\nstartxref\n29\n%%EOF\n')

const segment = (type: number, data: Buffer) => Buffer.concat([Buffer.from([0xff, type, 0, data.length + 2]), data])
const picture = Buffer.concat([Buffer.from('ffd8', 'hex'), segment(0xdb, Buffer.alloc(65)), Buffer.from('ffda0002aaffd9', 'hex')])

/** Two pictures in a file, behind a list of them that is `MPF`; with the places of that list and of the second picture. */
function twoPictures(order: 'II' | 'MM', firstAt = 0) {
  const number = order === 'II' ? u32le : u32
  const short = (value: number) => (order === 'II' ? u32le(value).subarray(0, 2) : u32(value).subarray(2))
  const front = Buffer.concat([Buffer.from('ffd8', 'hex'), segment(0xe1, latin1('Exif\0\0some'))])
  const base = front.length + 8
  const listOf = (first: number, second: number) => {
    const entry = Buffer.concat([short(0xb002), short(7), number(32), number(8 + 2 + 12 + 4)])
    const images = [number(0x20030000), number(first), number(firstAt), number(0), number(0), number(picture.length), number(second), number(0)]
    return segment(0xe2, Buffer.concat([latin1(`MPF\0${order}`), short(42), number(8), short(1), entry, number(0), ...images]))
  }
  const size = front.length + listOf(0, 0).length + picture.length - 2
  const bytes = Buffer.concat([front, listOf(size, size - base), picture.subarray(2), picture])
  const read = (at: number, from: Buffer) => (order === 'II' ? from.readUInt32LE(at) : from.readUInt32BE(at))
  return { bytes, read }
}

describe('a file of an odd build', () => {
  it.each(['II', 'MM'] as const)('keeps the places of its pictures, where a JPEG has several (%s)', async (order) => {
    const { bytes, read } = twoPictures(order)
    const copy = (await copyOf(bytes))!
    for (const file of [bytes, copy]) {
      const base = file.indexOf('MPF\0') + 4
      const [size, second] = [read(base + 30, file), read(base + 50, file)]
      expect(size).toBe(file.length - picture.length)
      expect(file.subarray(base + second).equals(picture)).toBe(true)
    }
    // Not behind Exif, which readers want first.
    expect(copy.indexOf('Exif')).toBe(bytes.indexOf('Exif'))
  })

  it('has its comment still, where a WAV or a Matroska file has one', async () => {
    const comment = chunk('LIST', Buffer.concat([latin1('INFO'), chunk('ICMT', latin1('stays\0'))]))
    const sound = (await copyOf(riff(format, comment, chunk('data', Buffer.alloc(8)))))!.toString('latin1')
    expect(sound.split('ICMT')).toHaveLength(2)
    const film = (await copyOf(matroska(cluster)))!.toString('latin1')
    expect(film.split('COMMENT')).toHaveLength(1)
  })

  it('has its end where readers of PDF look for it, however much follows', async () => {
    const copies = await Promise.all(
      Array.from({ length: 1024 }, async (_none, length) => await copyOf(Buffer.concat([pdf, Buffer.alloc(length, 10)]))),
    )
    for (const copy of copies) if (copy) expect(copy.subarray(-1024).includes('startxref')).toBe(true)
    expect(copies.filter((copy) => copy !== null).length).toBeGreaterThan(800)
    for (const rest of ['\0\0\0', '%a comment\n \n%another%', '%%EOF\r\n']) expect(await copyOf(Buffer.concat([pdf, latin1(rest)]))).not.toBeNull()
  })

  it.each([
    ['a zip archive with a PDF that is not compressed', Buffer.concat([latin1('PK\x03\x04a.pdf'), pdf, latin1('PK\x01\x02a.pdfPK\x05\x06')])],
    ['a PDF with something on the line of its end', Buffer.concat([pdf.subarray(0, -1), latin1('PK\x01\x02')])],
    ['a PDF whose place of the index is too far from its end', Buffer.concat([pdf, Buffer.alloc(1000)])],
    ['a WAV whose sound is longer than the file', riff(format, Buffer.concat([latin1('data'), u32le(10_000), Buffer.alloc(64)]))],
    ['a WAV whose sound has no length', riff(format, Buffer.concat([latin1('data'), u32le(0xffffffff), Buffer.alloc(64)]))],
    ['a WAV of chunks without end', riff(Buffer.alloc(40_000))],
    ['an Ogg file with more comments than can be counted', opus(0xffffffff)],
    ['an Ogg file with more comments than it has bytes', opus(1000)],
    ['raw data that begins like a frame of MP3', Buffer.concat([frame(), Buffer.alloc(500)])],
    ['raw data that is shorter than a frame of MP3', Buffer.from('fffb9400', 'hex')],
    ['a Matroska file with a checksum over all of it', matroska(element('bf', Buffer.alloc(4)), cluster)],
    [
      'a JPEG whose list of pictures can’t be read',
      Buffer.concat([Buffer.from('ffd8', 'hex'), segment(0xe2, latin1('MPF\0II')), picture.subarray(2)]),
    ],
    ['a JPEG whose list begins with another picture', twoPictures('II', 7).bytes],
    ['an MP4 file with something behind it', Buffer.concat([mp4, Buffer.alloc(9)])],
    ['an MP4 file of boxes without end', Buffer.concat([mp4, Buffer.alloc(20_000, latin1('\0\0\0\0free'))])],
  ])('takes no mark where it could be harmed: %s', async (_what, bytes) => {
    expect(await copyOf(bytes)).toBeNull()
  })

  it('takes one where only that looks odd', async () => {
    const oneFrame = frame()
    for (const bytes of [oneFrame, Buffer.concat([oneFrame, latin1('TAG'), Buffer.alloc(125)]), Buffer.concat([oneFrame, frame('fffa9600')])])
      expect(await copyOf(bytes)).not.toBeNull()
    const large = Buffer.concat([u32(1), latin1('mdat'), u32(0), u32(24), Buffer.alloc(8)])
    expect(await copyOf(Buffer.concat([mp4, large, box('free', Buffer.alloc(3))]))).not.toBeNull()
  })

  it('whatever of it is damaged, is copied with a mark or as it is, and never fails', async () => {
    const whole = [Buffer.from(pngOf(3)), twoPictures('II').bytes, pdf, mp4, matroska(cluster), wav, opus(1), Buffer.concat([frame(), frame()])]
    const tag = Buffer.concat([latin1('ID3\x04\0\0\0\0\0\x0a'), Buffer.alloc(10), frame(), frame()])
    const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 8 })
    for (const bytes of [...whole, tag]) expect(await copyOf(bytes)).not.toBeNull()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...whole, tag), damage, fc.option(fc.nat(), { nil: undefined }), async (bytes, changes, length) => {
        const damaged = Buffer.from(bytes.subarray(0, length === undefined ? undefined : length % bytes.length))
        for (const [at, value] of changes) if (damaged.length > 0) damaged[at % damaged.length] = value
        await copyOf(damaged)
      }),
      { numRuns: 5000 },
    )
  })
})
