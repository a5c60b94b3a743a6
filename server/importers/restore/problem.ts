import type { ErrorCode } from '../../../shared/protocol/errors.ts'

/** Why a record does not go in: a stable code and a sentence for people. */
export type Problem = { code: ErrorCode; message: string; details?: Record<string, unknown> }

/** Thrown while a record is made into rows: this record is refused, and nothing was written for it. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused'
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.message)
    this.problem = problem
  }
}

/** A value as it may stand in a sentence: as JSON, cut. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part)) ?? String(value)
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** `1,234 records`, `1 record`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`
}
