import { AppError } from '../../errors.ts'
import { networkFailure, refused } from '../failures.ts'

/** Status codes of the protocol (draft-ietf-secsh-filexfer-02, 7). `failure` is what servers say to a full disk and to much else. */
export const sftpStatus = {
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const

/** The status that a server answered, or null for any other error. */
export function codeOfStatus(thrown: unknown): number | null {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number' ? thrown.code : null
}

/** An error of an operation as one of ours; one of ours as it is. */
export function sftpFailure(thrown: unknown, where: string): unknown {
  if (thrown instanceof AppError) return thrown
  switch (codeOfStatus(thrown)) {
    case null:
    case sftpStatus.noConnection:
    case sftpStatus.connectionLost:
      return networkFailure(thrown, where)
    case sftpStatus.permissionDenied:
      return refused(`${where} does not let this user write there.`, thrown)
    case sftpStatus.noSuchFile:
      return refused(`${where} has no such folder.`, thrown)
    default:
      return refused(`${where} refuses the file (status ${codeOfStatus(thrown)}).`, thrown)
  }
}
