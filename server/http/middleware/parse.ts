import type { z } from 'zod'
import { isStorable } from '../../database/storable.ts'
import { AppError } from '../../errors.ts'

/** What a schema makes of a value from outside. Throws `invalid_input` with a line for each field that is wrong. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success && isStorable(parsed.data)) return parsed.data
  if (parsed.success) throw new AppError('invalid_input', 'A text holds U+0000 or half of a surrogate pair, which no database can keep.')
  const fields = Object.fromEntries(parsed.error.issues.map((issue) => [issue.path.join('.') || '(whole)', issue.message]))
  const [field, message] = Object.entries(fields)[0] ?? ['', 'not valid']
  throw new AppError('invalid_input', `${field}: ${message}`, { details: { fields } })
}
