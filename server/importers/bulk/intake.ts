import { bulkOptions } from '../../../shared/schemas/bulk-options.ts'
import { AppError } from '../../errors.ts'
import { checkTemplate } from './copies/copy-name.ts'

/** What the start of a bulk upload checks before a run exists: its options. Files are looked at one by one, so that a bad one holds up no other. */
export const bulkIntake = {
  needsTarget: false,
  parseOptions(options: unknown): Record<string, unknown> {
    const parsed = bulkOptions.safeParse(options)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw new AppError('invalid_input', `options${issue?.path.length ? `.${issue.path.join('.')}` : ''}: ${issue?.message ?? 'not valid'}`)
    }
    checkTemplate(parsed.data.nameTemplate)
    return parsed.data
  },
  checkFile(): void {},
}
