// Run by hand after `npm install`, when `npm ci` says "Missing: … from lock file": node scripts/run.js scripts/complete-lockfile.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { completeLockfile } from './lockfile.ts'
import { root } from './root.ts'

const path = `${root}package-lock.json`
const { text, added } = completeLockfile(readFileSync(path, 'utf8'))
writeFileSync(path, text)
console.log(added.length === 0 ? 'Nothing is missing.' : `Added:\n  ${added.join('\n  ')}`)
