import { stripVTControlCharacters } from 'node:util'
import type { Result } from './parts.ts'
import { inWords } from './reports.ts'

const tailLines = 200
const mostNames = 50

/** One line per part; after a failure its names and the end of what it said. */
export function reportPart(name: string, { counts, output }: Result, ms: number): void {
  const mark = counts.failed.length > 0 ? '✗' : counts.passed.length > 0 ? '✓' : '-'
  console.log(`${mark} ${name.padEnd(22)} ${inWords(counts).padEnd(34)} ${(ms / 1000).toFixed(1)} s`)
  if (counts.failed.length === 0) return
  for (const test of counts.failed.slice(0, mostNames)) console.log(`    failed: ${test}`)
  if (counts.failed.length > mostNames) console.log(`    … and ${counts.failed.length - mostNames} more`)
  const lines = stripVTControlCharacters(output).trimEnd().split('\n')
  if (lines.length > tailLines) console.log(`    … ${lines.length - tailLines} lines before these`)
  for (const line of lines.slice(-tailLines)) console.log(`    ${line}`)
}
