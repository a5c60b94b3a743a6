type Entry = { version?: string; dev?: boolean; optional?: boolean; optionalDependencies?: Record<string, string> }

type Lockfile = { packages: Record<string, Entry & Partial<Platform>> }

type Platform = { os?: string[]; cpu: string[]; libc?: string[] }

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']

/** The platform that a package of compiled code names in its own name, such as `@oxlint/binding-linux-x64-musl`; null when it names none. */
export function platformOf(name: string): Platform | null {
  const words = name.split(/[-/]/).map((word) => (word === 'win' ? 'win32' : word))
  if (words.includes('wasm32')) return { cpu: ['wasm32'] }
  const os = words.findLast((word) => systems.includes(word))
  const cpu = words.findLast((word) => processors.includes(word))
  if (os === undefined || cpu === undefined) return null
  const libc = words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : null
  return { os: [os], cpu: [cpu], ...(libc !== null && { libc: [libc] }) }
}

/** Optional packages of an exact version for other platforms that a lock file speaks of and has no entry for. */
export function missingPlatforms(packages: Lockfile['packages']): { name: string; version: string; dev: boolean; platform: Platform }[] {
  return Object.values(packages).flatMap(({ dev = false, optionalDependencies = {} }) =>
    Object.entries(optionalDependencies).flatMap(([name, version]) => {
      const platform = platformOf(name)
      return platform && /^\d/.test(version) && !(`node_modules/${name}` in packages) ? [{ name, version, dev, platform }] : []
    }),
  )
}

/**
 * Adds the entries that npm leaves out when its registry does not hold the packages of other platforms: without them `npm ci` refuses the file.
 * They have no checksum; npm adds it where it installs them.
 */
export function completeLockfile(text: string): { text: string; added: string[] } {
  const lockfile = JSON.parse(text) as Lockfile
  const missing = missingPlatforms(lockfile.packages)
  for (const { name, version, dev, platform } of missing) {
    lockfile.packages[`node_modules/${name}`] = { version, ...platform, ...(dev && { dev }), optional: true }
  }
  const sorted = Object.entries(lockfile.packages).toSorted(([a], [b]) => a.localeCompare(b, 'en'))
  return { text: `${JSON.stringify({ ...lockfile, packages: Object.fromEntries(sorted) }, null, 2)}\n`, added: missing.map(({ name }) => name) }
}
