import { AppError } from '../../errors.ts'
import { restoreOptions } from '../../../shared/schemas/restore-options.ts'
import { sniffRestoreFile } from './read/describe.ts'

/** What the start of a restore checks before a run exists: its options, and that each file is something a restore can take. */
export const restoreIntake = {
  needsTarget: true,
  parseOptions(options: unknown): Record<string, unknown> {
    const parsed = restoreOptions.safeParse(options)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new AppError('invalid_input', `options${issue?.path.length ? `.${issue.path.join('.')}` : ''}: ${issue?.message ?? 'not valid'}`)
  },
  checkFile({ name, head }: { name: string; head: Uint8Array }): void {
    const sniffed = sniffRestoreFile(head, name)
    if (sniffed.ok) return
    throw new AppError('unsupported_file', `${name} can't be restored: it is ${sniffed.what}.`, { details: { file: name } })
  },
}
