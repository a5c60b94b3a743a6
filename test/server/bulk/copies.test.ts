import { Readable } from 'node:stream'
import { crc32, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requirePath } from '../../../server/destinations/paths.ts'
import { checkTemplate, copyName, shortIdOf, standardTemplate } from '../../../server/importers/bulk/copies/copy-name.ts'
import { markText, readMark } from '../../../server/importers/bulk/copies/mark.ts'
import type { Edit } from '../../../server/importers/bulk/copies/edits.ts'
import { withEdits } from '../../../server/importers/bulk/copies/edits.ts'
import { findPlace, mayBearMark } from '../../../server/importers/bulk/copies/find-place.ts'

const mark = { importId: 'bulk_1763706660000_Zk3p-_x', accountId: 'account_abc-DEF_1', shortId: 'k3j9x2m4q1' }

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const bytes = Buffer.alloc(typed.length + 8)
  bytes.writeUInt32BE(data.length, 0)
  typed.copy(bytes, 4)
  bytes.writeUInt32BE(crc32(typed), typed.length + 4)
  return bytes
}

const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
const end = [chunk('IDAT', deflateSync(Buffer.from([0, 255]))), chunk('IEND', Buffer.alloc(0))]
const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), ...end])
// The beginning of a JPEG: JFIF, Exif, then a table.
const jpeg = Buffer.from(['ffd8', 'ffe00004aaaa', 'ffe1000645786966', 'ffdb0004bbbb', 'ffd9'].join(''), 'hex')

const pdf = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n')

async function placeIn(bytes: Buffer): Promise<Edit[] | null> {
  const edits = await findPlace({ size: bytes.length, head: bytes, read: async (start, end) => bytes.subarray(start, end) }, mark)
  if (edits) expect(mayBearMark(bytes)).toBe(true)
  return edits
}

async function marked(bytes: Buffer, pieceLength = 7): Promise<Buffer> {
  const edits = await placeIn(bytes)
  if (!edits) throw new Error('it takes no mark')
  return await edited(bytes, edits, pieceLength)
}

async function edited(bytes: Buffer, edits: Edit[], pieceLength: number): Promise<Buffer> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceLength) }, (_none, index) =>
    bytes.subarray(index * pieceLength, (index + 1) * pieceLength),
  )
  const copy: Buffer[] = await Readable.from(withEdits(Readable.from(pieces) as AsyncIterable<Buffer>, edits)).toArray()
  return Buffer.concat(copy)
}

describe('a file with edits', () => {
  it('has them where they belong, wherever its pieces end', async () => {
    const bytes = Buffer.from('0123456789')
    const edits = [
      { at: 0, drop: 0, put: Buffer.from('a') },
      { at: 2, drop: 3, put: Buffer.from('bc') },
      { at: 5, drop: 0, put: Buffer.from('d') },
      { at: 10, drop: 0, put: Buffer.from('e') },
    ]
    for (let length = 1; length <= 11; length++) expect((await edited(bytes, edits, length)).toString()).toBe('a01bcd56789e')
  })
})

describe('a copy of a picture or a document', () => {
  it.each([
    ['PNG', png],
    ['JPEG', jpeg],
    ['PDF', pdf],
  ])('in %s says whose it is, wherever its pieces end', async (_kind, bytes) => {
    for (let length = 1; length <= bytes.length + 1; length++) {
      const copy = await marked(bytes, length)
      expect(readMark(copy.toString('latin1'))).toEqual(mark)
      const [{ put, at, drop }] = (await placeIn(bytes)) as [Edit]
      expect(drop).toBe(0)
      expect(Buffer.concat([copy.subarray(0, at), copy.subarray(at + put.length)]).equals(bytes)).toBe(true)
    }
  })

  it('in PNG is made of chunks whose sums are right', async () => {
    const copy = await marked(png)
    const types: string[] = []
    for (let at = 8; at < copy.length; at += 12 + copy.readUInt32BE(at)) {
      const length = copy.readUInt32BE(at)
      types.push(copy.toString('latin1', at + 4, at + 8))
      expect(copy.readUInt32BE(at + 8 + length)).toBe(crc32(copy.subarray(at + 4, at + 8 + length)))
    }
    expect(types).toEqual(['IHDR', 'tEXt', 'IDAT', 'IEND'])
  })

  it('in JPEG is made of segments, the comment behind those that come first', async () => {
    const copy = await marked(jpeg)
    const markers: string[] = []
    for (let at = 2; at + 4 <= copy.length; at += 2 + copy.readUInt16BE(at + 2)) markers.push(copy.toString('hex', at, at + 2))
    expect(markers).toEqual(['ffe0', 'ffe1', 'fffe', 'ffdb'])
  })

  it.each([
    ['text', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['a PNG that ends in its header', png.subarray(0, 20)],
    ['a JPEG that ends in a segment', jpeg.subarray(0, 9)],
    ['a PDF without an end', pdf.subarray(0, 30)],
    ['an MP4 whose last box has no size', Buffer.from('\0\0\0\x08moov\0\0\0\0mdat', 'latin1')],
    ['a WAV that is shorter than it says', Buffer.from('RIFF\x99\0\0\0WAVEdata\0\0\0\0', 'latin1')],
    ['an MP3 with an old tag', Buffer.from('ID3\x02\0\0\0\0\0\0', 'latin1')],
  ])('takes no mark when it is %s', async (_what, bytes) => {
    expect(await placeIn(bytes)).toBeNull()
  })
})

describe('a mark', () => {
  it('is found in whatever is around it, and not where there is none', () => {
    expect(readMark(`…\0${markText(mark)}\xff`)).toEqual(mark)
    for (const other of ['', 'intake:1;run=a;account=b;', 'intake:2;run=a;account=b;copy=c;']) expect(readMark(other)).toBeNull()
  })

  it('has ids alone', () => {
    expect(() => markText({ ...mark, accountId: 'a;copy=x' })).toThrow(RangeError)
  })
})

describe('the name of a copy', () => {
  const shortId = 'k3j9x2m4q1'

  it.each([
    ['report.pdf', 'North', 'report-North-k3j9x2m4q1.pdf'],
    ['archive.tar.gz', 'North', 'archive-North-k3j9x2m4q1.tar.gz'],
    ['README', 'North', 'README-North-k3j9x2m4q1'],
    ['../../etc/passwd', 'North', 'passwd-North-k3j9x2m4q1'],
    ['C:\\Users\\x\\a.txt', 'North/South', 'a-North_South-k3j9x2m4q1.txt'],
    ['отчёт.docx', 'Север', 'отчёт-Север-k3j9x2m4q1.docx'],
    ['a\u202egpj.exe', 'N\n', 'a_gpj-N_-k3j9x2m4q1.exe'],
    ['Ж'.repeat(200), '界'.repeat(100), `${'Ж'.repeat(82)}-${'界'.repeat(26)}-k3j9x2m4q1`],
    ['.hidden', '..', '_hidden-_-k3j9x2m4q1'],
  ])('%j for %j is %j', (name, account, expected) => {
    expect(copyName(standardTemplate, { sent: name, account, shortId })).toBe(expected)
  })

  it('is one that every file system takes, whatever file and account are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (name, account) => {
        const made = copyName(standardTemplate, { sent: name, account, shortId })
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255)
        expect(made).toMatch(/^[^./\\\p{C}][^/\\\p{C}]*$/u)
        expect(made).toContain(shortId)
      }),
    )
  })

  it.each([
    ['photos/a/x.jpg', 'photos/a/x-North-k3j9x2m4q1.jpg'],
    ['x.jpg', 'x-North-k3j9x2m4q1.jpg'],
    ['../.git/./a:b//x.jpg', '_git/a_b/x-North-k3j9x2m4q1.jpg'],
    [`${'Ж'.repeat(200)}/x`, `${'Ж'.repeat(127)}/x-North-k3j9x2m4q1`],
    // One letter with more accents than a name has room for.
    [`x${'\u0316'.repeat(200)}/x.jpg`, '_/x-North-k3j9x2m4q1.jpg'],
  ])('%j is behind its folders where the template asks for them: %j', (sent, expected) => {
    const made = copyName(`{folder}/${standardTemplate}`, { sent, account: 'North', shortId })
    expect(made).toBe(expected)
    expect(requirePath(made)).toEqual(expected.split('/'))
  })

  it('has an id that is the same for the same run, file and account, and for no other', () => {
    expect(shortIdOf('run', 1, 'account')).toBe(shortIdOf('run', 1, 'account'))
    const ids = new Set(Array.from({ length: 10_000 }, (_none, index) => shortIdOf('run', index % 100, `account ${Math.floor(index / 100)}`)))
    expect(ids.size).toBe(10_000)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]{10}$/)
  })

  it.each([
    '{name}{ext}',
    '{name}-{short id}/{ext}',
    '{name}{folder}/{short id}',
    '{folder}{short id}',
    '{short id}-{user}',
    '{short id}{short id}',
    `{short id}${'x'.repeat(100)}`,
    '{short id}\n{ext}',
    '\ud800{short id}',
  ])('is not made by the template %s', (template) => {
    expect(() => checkTemplate(template)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  })

  it('is made by the standard template, and by others', () => {
    for (const template of [standardTemplate, '{short id}', '{account} {short id}{ext}', '{folder}/{short id}'])
      expect(() => checkTemplate(template)).not.toThrow()
  })
})
