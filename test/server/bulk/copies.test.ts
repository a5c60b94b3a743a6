import { Readable } from 'node:stream'
import { crc32, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTemplate, copyName, shortIdOf, standardTemplate } from '../../../server/importers/bulk/copies/copy-name.ts'
import { markText, readMark } from '../../../server/importers/bulk/copies/mark.ts'
import { placeOfMark, withInserted } from '../../../server/importers/bulk/copies/marked-pieces.ts'

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

async function marked(bytes: Buffer, pieceLength = 7): Promise<Buffer> {
  const place = placeOfMark(bytes, mark)
  if (!place) throw new Error('it takes no mark')
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceLength) }, (_none, index) =>
    bytes.subarray(index * pieceLength, (index + 1) * pieceLength),
  )
  const copy: Buffer[] = await Readable.from(withInserted(Readable.from(pieces) as AsyncIterable<Buffer>, place)).toArray()
  return Buffer.concat(copy)
}

describe('a copy of a picture', () => {
  it.each([
    ['PNG', png],
    ['JPEG', jpeg],
  ])('in %s says whose it is, wherever its pieces end', async (_kind, bytes) => {
    for (let length = 1; length <= bytes.length + 1; length++) {
      const copy = await marked(bytes, length)
      expect(readMark(copy.toString('latin1'))).toEqual(mark)
      const { insert, at } = placeOfMark(bytes, mark)!
      expect(Buffer.concat([copy.subarray(0, at), copy.subarray(at + insert.length)]).equals(bytes)).toBe(true)
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
  ])('takes no mark when it is %s', (_what, bytes) => {
    expect(placeOfMark(bytes, mark)).toBeNull()
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
    expect(copyName(standardTemplate, { name, account, shortId })).toBe(expected)
  })

  it('is one that every file system takes, whatever file and account are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (name, account) => {
        const made = copyName(standardTemplate, { name, account, shortId })
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255)
        expect(made).toMatch(/^[^./\\\p{C}][^/\\\p{C}]*$/u)
        expect(made).toContain(shortId)
      }),
    )
  })

  it('has an id that is the same for the same run, file and account, and for no other', () => {
    expect(shortIdOf('run', 1, 'account')).toBe(shortIdOf('run', 1, 'account'))
    const ids = new Set(Array.from({ length: 10_000 }, (_none, index) => shortIdOf('run', index % 100, `account ${Math.floor(index / 100)}`)))
    expect(ids.size).toBe(10_000)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]{10}$/)
  })

  it.each(['{name}{ext}', '{name}-{short id}/{ext}', '{short id}-{user}', '{short id}{short id}', `{short id}${'x'.repeat(100)}`])(
    'is not made by the template %s',
    (template) => {
      expect(() => checkTemplate(template)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
    },
  )

  it('is made by the standard template, and by others', () => {
    for (const template of [standardTemplate, '{short id}', '{account} {short id}{ext}']) expect(() => checkTemplate(template)).not.toThrow()
  })
})
