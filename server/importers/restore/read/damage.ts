import { AppError } from '../../../errors.ts'
import { takenFiles } from './describe.ts'

/** The file is not of a kind that restore takes. `what` as of `sniffRestoreFile`. */
export function unsupported(file: string, what: string, cause?: unknown): AppError {
  return new AppError('file_unsupported', `${file} is ${what}. ${takenFiles}.`, { details: { file, what }, cause })
}

/** The packed bytes are broken. `sentence` says how, without the file's name. */
export function damagedPacking(file: string, sentence: string, cause?: unknown): AppError {
  const message = `${file} can't be unpacked: ${sentence}. Make or download the file again; nothing of what comes after this point can be read.`
  return new AppError('file_damaged', message, { details: { file }, cause })
}

/** A limit was reached. `sentence` says which one, and starts with a small letter. */
export function overLimit(file: string, sentence: string, details: Record<string, unknown> = {}): AppError {
  return new AppError('file_limit', `${file}: ${sentence}.`, { details: { file, ...details } })
}

/** The file is packed in a way that is not read. `sentence` says how, without the file's name. */
export function unreadablePacking(file: string, sentence: string, cause?: unknown): AppError {
  return new AppError('file_unsupported', `${file} can't be unpacked: ${sentence}.`, { details: { file }, cause })
}
