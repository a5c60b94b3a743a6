import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const leftOut = ['node_modules', '.git', 'dist', 'data', 'coverage', 'test-results', '.vite', 'fixtures', 'samples']

/** Written by the build. */
const generated = ['package-lock.json', 'client/components.d.ts', 'client/auto-imports.d.ts']

const textFile = /(^|\/)(run|\.[a-z]+rc(\.json)?|\.env\.example|[^/]+\.(ts|js|mjs|vue|md|json|css|html|sh|yml|yaml|toml))$/

/** Every text file of the project as path → text, without what is built, installed, or input of tests. */
export function readTree(root: string): Record<string, string> {
  const files: Record<string, string> = {}
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder ? `${folder}/${entry.name}` : entry.name
      if (entry.isDirectory() && !leftOut.includes(entry.name)) visit(path)
      if (entry.isFile() && textFile.test(path) && !generated.includes(path)) files[path] = readFileSync(join(root, path), 'utf8')
    }
  }
  visit('')
  return files
}
