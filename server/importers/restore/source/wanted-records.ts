import type { Job } from '../../../jobs/importer.ts'
import type { Wants } from './record-source.ts'

/** Which records a retry is about; undefined when all are wanted. */
export function wantedRecords(only: Job['only']): Wants | undefined {
  if (!only) return undefined
  const byFile = new Map<string, Set<number>>()
  for (const { file, record } of only) {
    const numbers = byFile.get(file) ?? new Set<number>()
    numbers.add(record)
    byFile.set(file, numbers)
  }
  return (_ordinal, { file, record }) => byFile.get(file)?.has(record) ?? false
}
