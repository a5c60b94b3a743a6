import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../errors.ts'
import { UsageError } from './surroundings.ts'

/** A file to be sent: where it is, and the path that it is sent with, folders and name with "/" between. */
export type SentFile = { file: string; path: string; size: number }

/** One import session takes no more files. */
const mostFiles = 10_000

/**
 * The files that were named; with `folders`, those in folders as well. One that is named by a relative path keeps it, so that several of one name can be told
 * apart; one by an absolute path is sent by its name, a folder's by their paths in that folder. Links to folders inside a folder are not followed: they may
 * lead in circles. Throws UsageError for what can't be read.
 */
export async function filesToSend(named: string[], { folders }: { folders: boolean }): Promise<SentFile[]> {
  const sent: SentFile[] = []
  for (const each of named) {
    const shown = path.isAbsolute(each) ? path.basename(each) : path.normalize(each)
    const found = await look(each)
    if (found.isFile()) sent.push(asSent(each, shown, found.size))
    else if (folders && found.isDirectory()) await addFolder(each, shown, sent)
    else throw new UsageError(`${each} can't be read: it is not a file`)
  }
  return sent
}

async function addFolder(folder: string, shown: string, sent: SentFile[]): Promise<void> {
  for (const entry of (await readFolder(folder)).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const [file, name] = [path.join(folder, entry.name), path.join(shown, entry.name)]
    if (entry.isDirectory()) await addFolder(file, name, sent)
    else {
      const found = await look(file)
      if (found.isFile()) sent.push(asSent(file, name, found.size))
    }
    if (sent.length > mostFiles) throw new UsageError(`There are more than ${mostFiles.toLocaleString('en')} files in ${folder}: that is too many`)
  }
}

function asSent(file: string, shown: string, size: number): SentFile {
  return { file, path: shown.replaceAll(path.sep, '/'), size }
}

async function readFolder(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    throw new UsageError(`${folder} can't be read: ${messageOf(error)}`)
  }
}

async function look(file: string) {
  try {
    return await stat(file)
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${messageOf(error)}`)
  }
}
