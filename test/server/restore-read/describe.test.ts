import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { sniffBytes, sniffRestoreFile } from '../../../server/importers/restore/read/describe.ts'
import { fixture } from './job-file.ts'

const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')

describe('what restore takes', () => {
  it.each([
    ['[]', 'json'],
    ['  \r\n\t[{"model": "a.b"', 'json'],
    ['{"model": "a.b", "pk": 1}\n', 'jsonl'],
    ['\uFEFF[]', 'json'],
    ['[{"ustar": "'.padEnd(257, ' ') + 'ustar"}]', 'json'],
  ])('is told from text: %j', (text, format) => {
    expect(sniffRestoreFile(Buffer.from(text), 'x')).toEqual({ ok: true, format })
  })

  it.each([
    ['plain.json.gz', 'gzip'],
    ['plain.json.bz2', 'bzip2'],
    ['plain.json.xz', 'xz'],
    ['plain.json.lzma', 'lzma'],
    ['other-properties.json.lzma', 'lzma'],
    ['plain.json.zst', 'zstd'],
    ['plain.json.zip', 'zip'],
  ])('is told from the first bytes of %s', (name, format) => {
    expect(sniffRestoreFile(fixture(name), 'picture.png')).toEqual({ ok: true, format })
  })

  it('may be UTF-16 with a mark', () => {
    expect(sniffRestoreFile(utf16('[]'), 'x')).toEqual({ ok: true, format: 'json' })
    expect(sniffRestoreFile(utf16('[{}]').swap16(), 'x')).toEqual({ ok: true, format: 'json' })
  })

  it('may begin with more blanks than are looked at', () => {
    expect(sniffRestoreFile(Buffer.alloc(sniffBytes, ' '), 'x')).toMatchObject({ ok: true })
  })
})

describe('what restore refuses', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['nothing', '', /^an empty file$/],
    ['blanks', ' \n\n', /nothing but blanks/],
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /^a PNG picture$/],
    ['a JPEG', Buffer.from('ffd8ffe000104a464946', 'hex'), /^a JPEG picture$/],
    ['a PDF', '%PDF-1.7\n', /^a PDF document$/],
    ['pg_dump -Fc', 'PGDMP\x01\x0e\x00\x04', /^a PostgreSQL archive/],
    ['an SQLite file', 'SQLite format 3\0\x10\0', /^an SQLite database file$/],
    ['a tar', Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar\0')]), /^a tar archive$/],
    ['pg_dump', '--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;', /^an SQL dump$/],
    ['mariadb-dump', '/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19', /^an SQL dump$/],
    ['sqlite .dump', 'PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n', /^an SQL dump$/],
    ['SQL', "INSERT INTO a VALUES (1, 'x');", /^an SQL dump$/],
    ['a Django fixture in XML', '<?xml version="1.0" encoding="utf-8"?>\n<django-objects version="1.0">', /^a Django fixture in XML/],
    ['a Django fixture in YAML', '- model: library.author\n  pk: 1\n', /^a Django fixture in YAML/],
    ['XML', '<?xml version="1.0"?><КоммерческаяИнформация/>', /^an XML file$/],
    ['HTML', '<!DOCTYPE html>\n<html>', /^an HTML page$/],
    ['a failed dump', 'CommandError: Unable to serialize database: no such table', /^an error message, not a dump/],
    ['a traceback', 'Loading\nTraceback (most recent call last):\n', /^an error message/],
    ['output before the list', 'Loading .env\n[{"model": "a.b"}]', /^a list of records with other text before it/],
    ['CSV', 'id,name,rank\n1,Ada,2\n2,Bob,3\n', /^a table as text \(CSV\)$/],
    ['text', 'hello', /^text that is not JSON$/],
    ['bytes', Buffer.from([1, 0, 2, 0, 3]), /^a binary file/],
    ['brotli', brotliCompressSync(Buffer.alloc(1000)), /^(a binary file|text that is not JSON)/],
    ['UTF-32', Buffer.from('fffe00005b000000', 'hex'), /UTF-32/],
    ['a binary file that begins like a list', Buffer.from([0x5b, 0, 0, 1]), /^a binary file/],
  ])('is named: %s', (_, content, what) => {
    expect(sniffRestoreFile(Buffer.from(content), 'backup.json')).toEqual({ ok: false, what: expect.stringMatching(what) })
  })

  it('does not slip through under a packed name', () => {
    expect(sniffRestoreFile(Buffer.from('hello'), 'backup.json.gz')).toMatchObject({ ok: false })
    expect(sniffRestoreFile(gzipSync('x'), 'backup.json')).toEqual({ ok: true, format: 'gzip' })
  })
})

const samples = resolve(process.env.SAMPLES_DIR ?? '../shared/samples', 'fixtures')
describe.skipIf(!existsSync(samples))('real samples', () => {
  const names = existsSync(samples)
    ? readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(jsonl?)(\.\w+)?$/.test(name))
    : []

  it.each(names)('are taken: %s', (name) => {
    expect(sniffRestoreFile(readFileSync(resolve(samples, name)).subarray(0, sniffBytes), name)).toMatchObject({ ok: true })
  })
})
