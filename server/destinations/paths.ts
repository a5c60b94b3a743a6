import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'

const longestPart = 255
const bad = /[\u0000-\u001f\u007f\\]/

/** The parts of a path below an account's place. Throws `destination_refused` when it could lead anywhere else, or is no name that every system takes. */
export function requirePath(path: string): string[] {
  const parts = path.split('/')
  const good = parts.every((part) => part !== '' && part !== '.' && part !== '..' && !bad.test(part) && Buffer.byteLength(part) <= longestPart)
  if (!good || !path.isWellFormed()) throw new AppError('destination_refused', 'The path of a delivery has to be plain names with "/" between.')
  return parts
}

/** The name of a file while it is on its way, in the folder of its final name; known from the order's key alone. */
export function temporaryPath(path: string, idempotencyKey: string): string {
  // No ending: Nextcloud forbids ".part", and others look at endings too.
  const name = `.intake-${createHash('sha256').update(`${idempotencyKey}\n${path}`).digest('hex').slice(0, 32)}`
  return [...requirePath(path).slice(0, -1), name].join('/')
}

/** A path as it stands in a URL. */
export function encodePath(path: string): string {
  return requirePath(path).map(encodeURIComponent).join('/')
}
