import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What tells a file from others, whatever names and links lead to it; one that is not made yet is told by its folder and name. */
export function identityOf(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found ? `${found.dev}:${found.ino}` : join(realFolder(dirname(file)), basename(file))
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}
