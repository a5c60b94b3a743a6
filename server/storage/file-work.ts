import { chmod, constants, copyFile, open, stat } from 'node:fs/promises'
import { hashFileHere } from './hash-file.ts'
import type { FileHash, HashFile } from './hash-file.ts'

/** Answers the size of the copy, in bytes. */
export type CopyFile = (from: string, to: string, signal: AbortSignal) => Promise<number>

/** What is done with whole files of this machine. Everything throws what the system throws, and the signal's reason. */
export type FileWork = {
  hash: HashFile
  /** Whether a file consists of just these bytes. */
  holds(file: string, content: FileHash, signal: AbortSignal): Promise<boolean>
  /**
   * Makes a new file of the same bytes, with the rights that new files have. It is not safe on the disk yet; what is left of one that failed, or was stopped, is
   * its caller's, and nobody writes it any more.
   */
  copy: CopyFile
}

export const sameContent = (one: FileHash, other: FileHash): boolean => one.size === other.size && one.sha256 === other.sha256

/** By this thread and the system, for what is small or rare. */
export const fileWorkHere: FileWork = {
  hash: hashFileHere,
  holds: async (file, content, signal) => sameContent(await hashFileHere(file, content.size, signal), content),
  copy: async (from, to, signal) => {
    const made = await open(to, 'wx')
    const { mode } = await made.stat()
    await made.close()
    signal.throwIfAborted()
    await copyFile(from, to, constants.COPYFILE_FICLONE)
    // It came with the rights of its source.
    await chmod(to, mode & 0o777)
    return (await stat(to)).size
  },
}
