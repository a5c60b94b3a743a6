import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseTargetUrl, redactTargetUrl, withPassword, withoutPassword } from '../../server/targets/registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'intake-address-'))
const targetsDir = join(folder, 'targets')
const listed = join(folder, 'listed')
const outside = join(folder, 'outside')
for (const made of [targetsDir, listed, outside, join(targetsDir, 'below')]) mkdirSync(made)
for (const file of [join(targetsDir, 'there.db'), join(outside, 'secret.db'), join(listed, 'other.db')]) writeFileSync(file, '')
symlinkSync(join(outside, 'secret.db'), join(targetsDir, 'leak.db'))
symlinkSync(join(listed, 'other.db'), join(targetsDir, 'inside.db'))
symlinkSync(join(outside, 'not-there.db'), join(targetsDir, 'dangling.db'))
symlinkSync(outside, join(folder, 'door'))
const places = { targetsDir, sqliteDirs: [listed], hosts: undefined }

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the address of an SQLite file', () => {
  it.each([
    ['sqlite:there.db', join(targetsDir, 'there.db')],
    ['sqlite:new.sqlite3', join(targetsDir, 'new.sqlite3')],
    ['SQLITE:Große-Datei_2.db', join(targetsDir, 'Große-Datei_2.db')],
    ['sqlite:inside.db', join(targetsDir, 'inside.db')],
    [`sqlite:${listed}/other.db`, join(listed, 'other.db')],
    [`sqlite://${listed}/new.db`, join(listed, 'new.db')],
    [`sqlite:${targetsDir}/there.db`, join(targetsDir, 'there.db')],
  ])('%s is a file', (url, file) => {
    expect(parseTargetUrl(url, places)).toEqual({ dialect: 'sqlite', file })
  })

  it.each([
    'sqlite:',
    'sqlite:../outside/secret.db',
    'sqlite:below/x.db',
    'sqlite:..',
    'sqlite:.hidden.db',
    'sqlite:there.db-wal',
    'sqlite:a\0b.db',
    'sqlite:a b.db',
    'sqlite::memory:',
    'sqlite:file:there.db?mode=rwc',
    'sqlite:%2e%2e/x.db',
    `sqlite:${'x'.repeat(200)}.db`,
    `sqlite:${outside}/secret.db`,
    `sqlite:${folder}/door/secret.db`,
    `sqlite:${listed}/../outside/secret.db`,
    `sqlite:${listed}/sub/x.db`,
    'sqlite:/etc/passwd',
    'sqlite:leak.db',
    'sqlite:dangling.db',
    'sqlite:below',
  ])('%j leads nowhere', (url) => {
    expect(() => parseTargetUrl(url, places)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  })
})

describe('the address of a PostgreSQL database', () => {
  it.each([
    ['postgresql://u:p@db.example:5433/shop', 'postgresql://u:p@db.example:5433/shop'],
    [' postgres://u@[::1]/shop?sslmode=require ', 'postgres://u@[::1]/shop?sslmode=require'],
    ['postgresql://u@h/shop?options=-csearch_path%3Dx', 'postgresql://u@h/shop?options=-csearch_path%3Dx'],
  ])('%s is a server', (url, expected) => {
    expect(parseTargetUrl(url, places)).toEqual({ dialect: 'postgresql', url: expected })
  })

  it.each([
    '',
    'shop.db',
    'postgresql:',
    'postgresql:///shop',
    'postgresql://u@h',
    'postgresql://u@h/',
    'postgresql://u@h/a/b',
    'postgresql://u:%zz@h/shop',
    'postgresql://%2Fvar%2Frun/shop',
    'postgresql://u@h/shop?host=/var/run',
    'postgresql://u@h/shop?sslkey=/etc/passwd',
    'postgresql://u@h/shop?sslmode=maybe',
    'mariadb://u@h/shop',
    'file:///etc/passwd',
    'javascript:alert(1)',
    `postgresql://u@h/${'x'.repeat(3000)}`,
  ])('%j is none', (url) => {
    expect(() => parseTargetUrl(url, places)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  })

  it('does not show the password in what it says', () => {
    const url = 'postgresql://u:hunter2@h/a/b'
    expect(() => parseTargetUrl(url, places)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }))
  })
})

describe('a password', () => {
  it('is parted from its URL and joined again', () => {
    const url = 'postgresql://u:p%40ss%2Fw%C3%B6rd%25@h:5432/shop?sslmode=require'
    const parted = withoutPassword(url)
    expect(parted).toEqual({ url: 'postgresql://u@h:5432/shop?sslmode=require', password: 'p@ss/wörd%' })
    expect(withoutPassword(withPassword(parted.url, parted.password))).toEqual(parted)
  })

  it('is in no URL that is shown', () => {
    expect(redactTargetUrl('postgresql://u:secret@h/shop')).toBe('postgresql://u@h/shop')
    expect(redactTargetUrl('sqlite:there.db')).toBe('sqlite:there.db')
  })

  it('is none where there is none', () => {
    expect(withoutPassword('sqlite:there.db')).toEqual({ url: 'sqlite:there.db', password: null })
    expect(withoutPassword('postgresql://u@h/shop')).toEqual({ url: 'postgresql://u@h/shop', password: null })
    expect(withPassword('postgresql://u@h/shop', null)).toBe('postgresql://u@h/shop')
  })
})
