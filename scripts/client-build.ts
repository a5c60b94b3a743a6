import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { root, toolEnvironment } from './root.ts'
import { runCommand } from './run-command.ts'

const sources = ['client/**', 'shared/**', 'vite.config.ts', 'package-lock.json']

/** Where a build notes what it was made of. */
const stampFile = 'dist/client.sha256'

/** SHA-256 over names and contents of all that the client is built from, or null in an installation that has no sources. */
export function hashSources(folder: string): string | null {
  const files = globSync(sources, { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.endsWith('.d.ts'))
  if (!existsSync(join(folder, 'client'))) return null
  const hash = createHash('sha256')
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).toSorted())
    hash.update(`${path.slice(folder.length)}\0`).update(readFileSync(path))
  return hash.digest('hex')
}

/** Whether `dist/client` is missing, or was made from other sources than those in `folder`. */
export function isStale(folder: string): boolean {
  const hash = hashSources(folder)
  if (hash === null) return false
  if (!existsSync(join(folder, 'dist/client/index.html')) || !existsSync(join(folder, stampFile))) return true
  return readFileSync(join(folder, stampFile), 'utf8') !== hash
}

/** Builds the client in a process of its own: what the bundler needs in memory is given back. Answers its output and whether it went well. */
export async function buildClient(signal?: AbortSignal): Promise<{ ok: boolean; output: string }> {
  const hash = hashSources(root)
  const { code, output } = await runCommand({ command: 'vite', args: ['build'], env: toolEnvironment(), signal })
  if (code === 0 && hash !== null) writeFileSync(join(root, stampFile), hash)
  return { ok: code === 0, output: stripVTControlCharacters(output) }
}
