import type { ErrorCode } from '../../../../shared/protocol/errors.ts'

/** Thrown while a record is read: this record is refused, and nothing was written for it. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** `1,234 records`, `1 record`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}
