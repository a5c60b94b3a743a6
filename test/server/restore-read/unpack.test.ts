import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { crc32, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../server/errors.ts'
import { defaultUnpackLimits, unpack } from '../../../server/importers/restore/read/unpack.ts'
import type { UnpackLimits } from '../../../server/importers/restore/read/unpack.ts'
import type { JobFile } from '../../../server/jobs/importer.ts'
import { collect, fixture, jobFileOf, packedFileOf } from './job-file.ts'

const plain = fixture('plain.json')
const signal = new AbortController().signal

async function unpacked(file: JobFile, limits?: UnpackLimits): Promise<Buffer> {
  return Buffer.concat(await collect(unpack(file, { signal, ...(limits && { limits }) }).chunks))
}

async function refusal(file: JobFile, limits?: UnpackLimits): Promise<AppError> {
  const error = await unpacked(file, limits).then(
    (bytes) => expect.fail(`it was unpacked to ${bytes.length} bytes`),
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

const streams = ['json.gz', 'json.bz2', 'json.xz', 'json.lzma', 'json.zst'].map((ending) => `plain.${ending}`)
const variants = ['two-streams.json.bz2', 'two-streams.json.xz', 'two-frames.json.zst', 'other-properties.json.lzma', 'known-size.json.lzma']
const zips = ['plain.json.zip', 'stored.json.zip', 'macos.zip', 'streamed.zip', 'zip64.zip']

describe('an uploaded file', () => {
  it.each(['plain.json', ...streams, ...variants, ...zips])('is unpacked by its content, whatever its name: %s', async (name) => {
    const file = { ...packedFileOf(fixture(name)), name: 'no-ending' }
    expect(await unpacked(file)).toEqual(plain)
  })

  it.each(['plain.json', ...streams, ...variants])('is unpacked when it comes byte by byte: %s', async (name) => {
    expect(await unpacked(jobFileOf(fixture(name), { chunk: 1 }))).toEqual(plain)
  })

  it('is unpacked whole when it is several gzip members, wherever the chunks are cut', async () => {
    const members = Buffer.concat([gzipSync(plain.subarray(0, 100)), gzipSync(plain.subarray(100))])
    for (let chunk = 1; chunk < members.length; chunk += 7) expect(await unpacked(jobFileOf(members, { chunk }))).toEqual(plain)
  })

  it('is unpacked whole when it is several zstd frames, wherever the chunks are cut', async () => {
    const frames = fixture('two-frames.json.zst')
    for (let chunk = 1; chunk <= frames.length; chunk++) expect(await unpacked(jobFileOf(frames, { chunk }))).toEqual(plain)
  })

  it('may be padded with zeros after gzip data', async () => {
    expect(await unpacked(jobFileOf(Buffer.concat([gzipSync(plain), Buffer.alloc(1000)])))).toEqual(plain)
  })

  it('is unpacked by one layer only', async () => {
    const inner = gzipSync(plain)
    expect(await unpacked(jobFileOf(gzipSync(inner)))).toEqual(inner)
  })

  it('tells how many of its packed bytes were read', async () => {
    const bytes = gzipSync(plain)
    const { chunks, progress } = unpack(jobFileOf(bytes), { signal })
    expect(progress).toEqual({ packedRead: 0, packedSize: bytes.length, unpacked: 0 })
    await collect(chunks)
    expect(progress).toEqual({ packedRead: bytes.length, packedSize: bytes.length, unpacked: plain.length })
  })
})

// Cut there, what is left is a sound file.
const wholeStream = new Map(variants.filter((name) => name.startsWith('two-')).map((name) => [name, firstStreamLength(fixture(name))]))

function firstStreamLength(bytes: Buffer): number {
  return bytes.indexOf(bytes.subarray(0, 4), 4)
}

describe('a damaged file', () => {
  it.each([...streams, ...variants, ...zips])('is refused wherever it is cut: %s', async (name) => {
    const bytes = fixture(name)
    // Shorter beginnings are not known as packed; the last zero of an lzma stream may be missing without loss.
    for (let length = 18; length < bytes.length - 1; length += 5) {
      if (length === wholeStream.get(name)) continue
      const error = await refusal(packedFileOf(bytes.subarray(0, length), name))
      expect(error.code).toBe('file_damaged')
      if (!name.endsWith('.zip')) expect(error.message).toContain(`${name} can't be unpacked: the compressed file ends in the middle`)
    }
  })

  it.each([
    ...streams.filter((name) => !/lzma$|zst$/.test(name)),
    ...variants.filter((name) => !/lzma$|zst$/.test(name)),
    'plain.json.zip',
    'stored.json.zip',
  ])('is never taken for sound with a bit turned over: %s', async (name) => {
    const bytes = fixture(name)
    for (let at = 20; at < bytes.length; at += 3) {
      const broken = Buffer.from(bytes)
      broken[at] = broken[at]! ^ 0x10
      const result = await unpacked(packedFileOf(broken, name)).catch((error: unknown) => error)
      if (result instanceof Buffer) expect(result).toEqual(plain)
      else expect(result).toMatchObject({ code: expect.stringMatching(/^file_/) })
    }
  })

  it.each(['plain.json.lzma', 'plain.json.zst'])(
    'without a checksum ends in an error of ours or in other bytes, never otherwise: %s',
    async (name) => {
      const bytes = fixture(name)
      for (let at = 13; at < bytes.length; at++) {
        const broken = Buffer.from(bytes)
        broken[at] = broken[at]! ^ 0x10
        const result = await unpacked(jobFileOf(broken, { name })).catch((error: unknown) => error)
        if (!(result instanceof Buffer)) expect(result).toMatchObject({ code: expect.stringMatching(/^file_/) })
      }
    },
  )

  it.each([...streams, 'two-streams.json.bz2'])('is refused when other bytes follow its end: %s', async (name) => {
    const error = await refusal(jobFileOf(Buffer.concat([fixture(name), Buffer.from('and something else')])))
    expect(error.code).toBe('file_damaged')
  })

  it('is refused when only the checksum over all bzip2 blocks is wrong', async () => {
    const bytes = fixture('plain.json.bz2')
    bytes[bytes.length - 3]! ^= 0x10
    expect((await refusal(jobFileOf(bytes))).message).toContain('a checksum in the bzip2 data does not match')
  })

  it.each([-1, 1])('is refused when an lzma header lies about the size by %i', async (lie) => {
    const bytes = fixture('known-size.json.lzma')
    bytes.writeUInt32LE(plain.length + lie, 5)
    expect(await refusal(jobFileOf(bytes))).toMatchObject({ code: 'file_damaged' })
  })

  it('is refused when a gzip member follows after padding, which zlib would drop', async () => {
    const bytes = Buffer.concat([gzipSync(plain), Buffer.alloc(100), gzipSync(plain)])
    expect((await refusal(jobFileOf(bytes))).message).toContain('other bytes stand after the end of the gzip data')
  })

  it.each([...streams, 'plain.json.zip'])(
    'is refused with the error of the storage when the stored bytes are not those that came in: %s',
    async (name) => {
      const mismatch = new AppError('file_damaged', 'The stored file is not the one that was uploaded.')
      const bytes = fixture(name)
      const open = () => Readable.from(failingAfter([bytes, Buffer.alloc(name.endsWith('.zip') ? 8192 : 0)], mismatch), { objectMode: false })
      expect(await refusal({ ...packedFileOf(bytes), open })).toBe(mismatch)
    },
  )
})

function* failingAfter(chunks: Buffer[], error: Error): Generator<Buffer> {
  yield* chunks
  throw error
}

describe('a zip', () => {
  const cases: [string, AppError['code'], RegExp][] = [
    ['two-files.zip', 'file_unsupported', /it holds 2 files \(authors\.json, books\.json\); pack the one to restore alone/],
    ['no-file.zip', 'file_unsupported', /holds no file/],
    ['odoo.zip', 'file_unsupported', /Odoo backup/],
    ['office.zip', 'file_unsupported', /Office document/],
    ['encrypted.zip', 'file_unsupported', /encrypted; pack it again without a password/],
    ['link.zip', 'file_unsupported', /plain\.json in it is a link/],
    ['bzip2-method.zip', 'file_unsupported', /method \(12\)/],
    ['slip.zip', 'file_damaged', /invalid relative path/],
    ['backslash.zip', 'file_damaged', /invalid characters in fileName/],
    ['wrong-checksum.zip', 'file_damaged', /checksum/],
    ['lies-small.zip', 'file_damaged', /larger than the zip says/],
    ['lies-large.zip', 'file_damaged', /ends in the middle/],
  ]
  it.each(cases)('that is not one plain sound file is refused: %s', async (name, code, message) => {
    const error = await refusal(packedFileOf(fixture(name), name))
    expect(error.message).toMatch(message)
    expect(error.code).toBe(code)
  })

  /** A zip of one incompressible member, larger than what is read of a directory at a time. */
  const large = storedZip(randomBytes(3_000_000))

  it('is read by few requests: its directory at once, its member as a stream', async () => {
    const file = packedFileOf(large)
    const ranges: number[][] = []
    const read: JobFile['read'] = (start, end) => {
      ranges.push([start, end])
      return file.read(start, end)
    }
    expect((await unpacked({ ...file, read })).length).toBe(3_000_000)
    expect(ranges.length).toBeLessThan(6)
  })

  it.each([1, 2, 3])('whose store fails at its request number %i says what the store says', async (failing) => {
    const file = packedFileOf(large)
    const away = new AppError('unavailable', 'The store is away.')
    let requests = 0
    const read: JobFile['read'] = (start, end) => {
      requests += 1
      return requests === failing ? Readable.from(failingAfter([], away)) : file.read(start, end)
    }
    expect(await refusal({ ...file, read })).toBe(away)
  })
})

/** A zip with one file in it that is stored as it is. */
function storedZip(content: Buffer): Buffer {
  const name = Buffer.from('data.bin')
  const sums = Buffer.alloc(12)
  for (const [index, value] of [crc32(content), content.length, content.length].entries()) sums.writeUInt32LE(value, index * 4)
  const local = Buffer.concat([Buffer.from('504b030414000000000000002100', 'hex'), sums, Buffer.from([name.length, 0, 0, 0]), name])
  const central = Buffer.concat([Buffer.from('504b0102140014000000000000002100', 'hex'), sums, Buffer.from([name.length, 0]), Buffer.alloc(16), name])
  const end = Buffer.alloc(22)
  end.write('504b0506', 'hex')
  for (const at of [8, 10]) end.writeUInt16LE(1, at)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length + content.length, 16)
  return Buffer.concat([local, content, central, end])
}

describe('a limit', () => {
  it('stops a bomb after a fraction of it', async () => {
    const packed = gzipSync(Buffer.alloc(1 << 20, ' '))
    // 1 GiB of blanks in 1 MB, which is 1,000 times.
    const bomb = Buffer.concat(Array.from({ length: 1024 }, () => packed))
    const { chunks, progress } = unpack(jobFileOf(bomb), { signal })
    await expect(collect(chunks, false)).rejects.toMatchObject({
      code: 'file_limit',
      message: expect.stringContaining('more than 500 times its size'),
    })
    expect(progress.unpacked).toBeGreaterThan(defaultUnpackLimits.ratioFrom)
    expect(progress.unpacked).toBeLessThan(defaultUnpackLimits.ratioFrom * 3)
  })

  it('lets through what packs well but is small', async () => {
    const blanks = Buffer.alloc(50 << 20, ' ')
    expect((await unpacked(jobFileOf(zstdCompressSync(blanks)))).length).toBe(blanks.length)
  })

  it('holds for the unpacked bytes', async () => {
    const limits = { ...defaultUnpackLimits, bytes: plain.length - 1 }
    expect(await refusal(jobFileOf(gzipSync(plain)), limits)).toMatchObject({ code: 'file_limit', details: { limit: plain.length - 1 } })
    expect(await unpacked(jobFileOf(gzipSync(plain)), { ...limits, bytes: plain.length })).toEqual(plain)
  })

  it('holds for the memory that a file asks for', async () => {
    const error = await refusal(jobFileOf(fixture('large-dictionary.json.xz')))
    expect(error).toMatchObject({ code: 'file_limit', message: expect.stringContaining('a dictionary of more than 64 MiB') })
    const lzma = fixture('plain.json.lzma')
    lzma.writeUInt32LE(2 ** 30, 1)
    expect(await refusal(jobFileOf(lzma))).toMatchObject({ code: 'file_limit' })
  })

  it('of what the xz library reads is told', async () => {
    expect(await refusal(jobFileOf(fixture('sha256.json.xz')))).toMatchObject({ code: 'file_unsupported' })
  })
})

describe('stopping', () => {
  it('ends with the reason of the signal and closes the file', async () => {
    const controller = new AbortController()
    const file = jobFileOf(Buffer.alloc(100_000, plain), { chunk: 1000 })
    const opened: Readable[] = []
    const open = () => {
      opened.push(file.open())
      return opened.at(-1)!
    }
    const { chunks } = unpack({ ...file, open }, { signal: controller.signal })
    await chunks.next()
    const reason = new AppError('cancelled', 'Stop.')
    controller.abort(reason)
    await expect(collect(chunks)).rejects.toBe(reason)
    expect(opened.every((stream) => stream.destroyed)).toBe(true)
  })

  it.each(['plain.json', ...streams])('half-way closes the file: %s', async (name) => {
    const file = jobFileOf(fixture(name), { chunk: 100 })
    const opened: Readable[] = []
    const open = () => {
      opened.push(file.open())
      return opened.at(-1)!
    }
    const { chunks } = unpack({ ...file, open }, { signal })
    await chunks.next()
    await chunks.return(undefined)
    expect(opened.map((stream) => stream.destroyed)).toEqual([true])
  })

  it('half-way lets the next xz file be read', async () => {
    const { chunks } = unpack(jobFileOf(fixture('plain.json.xz')), { signal })
    await chunks.next()
    await chunks.return(undefined)
    expect(await unpacked(jobFileOf(fixture('plain.json.xz')))).toEqual(plain)
  })
})

const samples = resolve(process.env.SAMPLES_DIR ?? '../shared/samples', 'fixtures')
describe.skipIf(!existsSync(samples))('real samples', () => {
  it.each([
    ['generated__django-contrib/compressed', /^nb\.json\./],
    ['django__django/tests/fixtures/fixtures', /^fixture5\.json\.(gz|bz2|xz|zip)/],
  ])('in %s have one content in every packing', async (folder, pattern) => {
    const path = resolve(samples, folder)
    const names = readdirSync(path).filter((name) => pattern.test(name))
    const contents = await Promise.all(
      names.map(async (name) => (await unpacked(packedFileOf(readFileSync(resolve(path, name)), name))).toString('hex')),
    )
    expect(names.length).toBeGreaterThan(3)
    expect(new Set(contents).size).toBe(1)
  })
})
