import { commerceOptions } from '../../../shared/schemas/commerce-options.ts'
import type { CommerceOptions } from '../../../shared/schemas/commerce-options.ts'
import { AppError } from '../../errors.ts'
import { isPictureHead } from './pictures/picture-files.ts'
import { isZipHead, notTaken, notXml } from './read/documents.ts'

/** What the guard lets pass where a start does not say it, in percent. */
export type GuardLimits = CommerceOptions['limits']

/** What the start of an import from 1C checks before a run exists: its options, and that each file may be XML, a zip or a picture. */
export const commerceIntake = (guard: GuardLimits) => ({
  needsTarget: true,
  parseOptions(options: unknown): Record<string, unknown> {
    const parsed = commerceOptions.safeParse(withLimits(options, guard))
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new AppError('invalid_input', `options${issue?.path.length ? `.${issue.path.join('.')}` : ''}: ${issue?.message ?? 'not valid'}`)
  },
  checkFile({ name, head }: { name: string; head: Uint8Array }): void {
    const what = isZipHead(head) ? null : notXml(head)
    if (what === null || isPictureHead(head)) return
    const { code, message, details } = notTaken(name, what)
    throw new AppError('unsupported_file', message, { details: { ...details, code } })
  },
})

function withLimits(options: unknown, guard: GuardLimits): unknown {
  if (typeof options !== 'object' || options === null) return options
  const limits = 'limits' in options ? options.limits : {}
  return typeof limits === 'object' ? { ...options, limits: { ...guard, ...limits } } : options
}
