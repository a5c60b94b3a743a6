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

/** Where something is in the unpacked text: the record it is in or before, the line from 1, the byte from 0. */
export type Place = { file: string; record: number; line: number; byte: number }

/** The text itself is broken, so that no record after this place can be told from its neighbours. `sentence` has no full stop. */
export function damagedText(place: Place, sentence: string): AppError {
  const { file, record, line, byte } = place
  const message = `${file} is damaged at record ${record}, line ${line}, byte ${byte}: ${sentence}. Dump or download it again, or mend this place.`
  return new AppError('file_damaged', message, { details: place })
}

/** The text stops although more must come: what a broken download or a full disk leaves. */
export function endsTooSoon(place: Place, sentence: string): AppError {
  const { file, record, line, byte } = place
  const message = `${file} is cut off: ${sentence} (record ${record}, line ${line}, byte ${byte}). Dump or download it again.`
  return new AppError('file_damaged', message, { details: place })
}
