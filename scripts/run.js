// The door of every npm script, in JavaScript that any Node reads: `node scripts/run.js start …` runs scripts/start.ts under Node 24.
import { fileURLToPath } from 'node:url'

const [, , name, ...args] = process.argv
const major = Number(process.versions.node.split('.')[0])

if (major < 24) {
  console.error(`Intake runs on Node 24, this is Node ${process.versions.node}.`)
  console.error('`npm ci` brings Node 24 along as an optional package for Linux, macOS and Windows: run it without --omit=optional, or install Node 24.')
  process.exit(1)
}

const script = new URL(`./${name}.ts`, import.meta.url)
process.argv = [process.execPath, fileURLToPath(script), ...args]
await import(script.href)
