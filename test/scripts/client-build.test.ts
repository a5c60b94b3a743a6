import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashSources, isStale } from '../../scripts/client-build.ts'

describe('the built page', () => {
  let folder: string

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }

  function build(): void {
    write('dist/client/index.html', '<html></html>')
    write('dist/client.sha256', hashSources(folder) ?? '')
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'intake-build-'))
    write('client/main.ts', 'first')
    write('shared/views.ts', 'first')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it('is stale when there is none', () => {
    expect(isStale(folder)).toBe(true)
  })

  it('is fresh when built from what is there', () => {
    build()
    expect(isStale(folder)).toBe(false)
  })

  it.each(['client/main.ts', 'shared/views.ts', 'client/pages/NewPage.vue', 'package-lock.json'])('is stale when %s changes', (path) => {
    build()
    write(path, 'second')
    expect(isStale(folder)).toBe(true)
  })

  it('is stale when a source is removed', () => {
    build()
    rmSync(join(folder, 'shared/views.ts'))
    expect(isStale(folder)).toBe(true)
  })

  it('stays as it is in an installation without sources', () => {
    build()
    rmSync(join(folder, 'client'), { recursive: true })
    expect(isStale(folder)).toBe(false)
  })
})
