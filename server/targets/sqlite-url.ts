import { lstatSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { AppError } from '../errors.ts'

/** The folders that SQLite targets may lie in: the one of a bare name, and those that the operator listed. Absolute paths. */
export type SqlitePlaces = { targetsDir: string; sqliteDirs: string[] }

const goodName = /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,99}$/u
// SQLite keeps files of its own beside a database.
const sidecar = /-(wal|shm|journal)$/i

/** The absolute path of `sqlite:NAME.db` or `sqlite:/FOLDER/NAME.db`. The folder is in the list and so is what the name leads to when it is a link. */
export function sqliteAddress(url: string, places: SqlitePlaces): string {
  const path = url.replace(/^sqlite:(\/\/(?=\/))?/i, '')
  const folder = isAbsolute(path) ? dirname(path) : places.targetsDir
  const name = isAbsolute(path) ? path.slice(folder.endsWith('/') ? folder.length : folder.length + 1) : path
  if (!goodName.test(name) || sidecar.test(name)) {
    throw new AppError('invalid_input', 'An SQLite address is sqlite:NAME.db, where NAME has letters, digits, ".", "_" and "-" alone.')
  }
  const allowed = new Set([places.targetsDir, ...places.sqliteDirs].flatMap(realFolder))
  if (!realFolder(folder).some((real) => allowed.has(real))) {
    throw new AppError('invalid_input', 'SQLite files lie in the folder of targets, or in a folder that the setting SQLITE_DIRS lists.')
  }
  const file = join(folder, name)
  checkFile(file, allowed)
  return file
}

function realFolder(folder: string): string[] {
  try {
    return [realpathSync(folder)]
  } catch {
    // Not made yet: a name can't lead astray in it.
    return isAbsolute(folder) ? [join(folder)] : []
  }
}

function checkFile(file: string, allowed: Set<string>): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (!found) return
  if (found.isSymbolicLink()) {
    const real = resolveLink(file)
    if (real !== null && allowed.has(dirname(real)) && lstatSync(real).isFile()) return
    throw new AppError('invalid_input', 'This name is a link that leads out of the folders that SQLite files may lie in.')
  }
  if (!found.isFile()) throw new AppError('invalid_input', 'This name is not that of a file.')
}

function resolveLink(file: string): string | null {
  try {
    return realpathSync(file)
  } catch {
    return null
  }
}
