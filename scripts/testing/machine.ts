import { spawnSync } from 'node:child_process'
import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findChromium } from '../../test/support/chromium.ts'
import { runCommand } from '../run-command.ts'

export type Tool = {
  name: string
  /** Debian's package that brings it. */
  debianPackage: string
  /** Path of its program, or null when it is not here. */
  find: () => string | null
  /** What makes it tell its version, when that is not `--version`; null when nothing does. */
  versionFlag?: string | null
}

const postgres: Tool = {
  name: 'PostgreSQL',
  debianPackage: 'postgresql',
  find: () => {
    const versions = globSync('/usr/lib/postgresql/*/bin/postgres').toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    return versions.at(-1) ?? onPath('postgres')
  },
}
const redis: Tool = { name: 'Redis', debianPackage: 'redis-server', find: () => onPath('redis-server') }
const chromium: Tool = { name: 'Chromium', debianPackage: 'chromium', find: () => findChromium(process.env) }
const nginx: Tool = {
  name: 'nginx',
  debianPackage: 'nginx-light',
  // Only root has its folder on the path.
  find: () => onPath('nginx') ?? ['/usr/sbin/nginx'].find(existsSync) ?? null,
  versionFlag: '-v',
}
const sshd: Tool = {
  name: 'OpenSSH server',
  debianPackage: 'openssh-server',
  find: () => onPath('sshd') ?? ['/usr/sbin/sshd'].find(existsSync) ?? null,
  versionFlag: '-V',
}
const faketime: Tool = { name: 'faketime', debianPackage: 'faketime', find: () => onPath('faketime') }
const libfiu: Tool = { name: 'libfiu', debianPackage: 'fiu-utils', find: () => onPath('fiu-ctrl'), versionFlag: null }

export const tools = { faketime, libfiu, postgres, redis, chromium, nginx, sshd }

function onPath(program: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((folder) => join(folder, program)).find(existsSync) ?? null
}

/** The version that a tool at this path says it is. Some say so where errors go. */
export function versionOf({ name, versionFlag = '--version' }: Tool, path: string): string {
  if (versionFlag === null) return `${name}: ${path}`
  const { stdout, stderr } = spawnSync(path, [versionFlag], { encoding: 'utf8' })
  return (stdout || stderr).trim()
}

/** Installs what is missing where it can: as root on Debian. Answers the output of apt-get when it failed, else null. */
export async function installMissing(wanted: Tool[]): Promise<string | null> {
  const packages = wanted.filter((tool) => tool.find() === null).map((tool) => tool.debianPackage)
  if (packages.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return null
  console.log(`installing ${packages.join(', ')}`)
  return await withoutStartingServices(async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const update = await runCommand({ command: 'apt-get', args: ['update', '-q'], env })
    const install = await runCommand({ command: 'apt-get', args: ['install', '-q', '-y', '--no-install-recommends', ...packages], env })
    return install.code === 0 ? null : update.output + install.output
  })
}

/** Debian starts what it installs unless this file forbids it: the tests start their own. */
async function withoutStartingServices<T>(work: () => Promise<T>): Promise<T> {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return await work()
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return await work()
  } finally {
    rmSync(policy)
  }
}
