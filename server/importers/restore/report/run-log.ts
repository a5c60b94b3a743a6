import type { JobContext, JobFile } from '../../../jobs/importer.ts'
import type { RestoreOptions } from '../../../../shared/schemas/restore-options.ts'
import type { Target } from '../../../targets/target.ts'
import { counted } from '../problem.ts'
import type { Tally } from './tally.ts'

const databases = { sqlite: 'SQLite', postgresql: 'PostgreSQL', mariadb: 'MariaDB' } as const

/** The first line of a run: what goes where, and how. */
export async function logStart(context: JobContext, files: JobFile[], target: Target, options: RestoreOptions): Promise<void> {
  const names = files.length === 1 ? (files[0]?.name ?? '') : `${counted(files.length, 'file')} as one (${files.map(({ name }) => name).join(', ')})`
  const size = sizeText(files.reduce((sum, file) => sum + file.size, 0))
  const mode = options.mode === 'all_or_nothing' ? 'all or nothing' : 'good records go in, bad ones are listed'
  const dry = options.dryRun ? ' Dry run: everything is undone at the end.' : ''
  await context.log('info', `Restore of ${names}, ${size}, into ${databases[target.capabilities.dialect]}: ${mode}.${dry}`)
}

function sizeText(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let size = bytes
  let unit = 0
  for (; size >= 1000 && unit < units.length - 1; unit += 1) size /= 1000
  return `${size.toLocaleString('en-US', { maximumFractionDigits: unit === 0 ? 0 : 1 })} ${units[unit]}`
}

/** Lines that give a reason; the list of rejected records has all. */
const mostReasons = 50

/** What each model brought, and all of it together. */
export async function logCounts(context: JobContext, tally: Tally, { dryRun }: RestoreOptions): Promise<void> {
  for (const [label, { records, rows, failed }] of tally.models) {
    const lost = failed === 0 ? '' : `, ${failed.toLocaleString('en-US')} rejected`
    await context.log(failed === 0 ? 'info' : 'warning', `${label}: ${counted(records, 'record')}, ${counted(rows, 'row')}${lost}.`, {
      stream: label,
    })
  }
  for (const { label, count, first } of [...tally.reasons.values()].slice(0, mostReasons)) {
    await context.log('warning', `${label}: ${counted(count, 'record')} rejected for ${first.code}. The first reason: ${first.message}`, {
      stream: label,
    })
  }
  const all = `${counted(tally.succeeded, 'record')}, ${counted(tally.rows, 'row')}`
  const lost = tally.failed === 0 ? '' : `; ${counted(tally.failed, 'record was', 'records were')} rejected`
  const end = dryRun ? `Dry run: ${all} would go in${lost}. Nothing was written.` : `Done: ${all}${lost}.`
  await context.log(tally.failed === 0 ? 'info' : 'warning', end)
}
