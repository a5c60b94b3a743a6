import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../errors.ts'
import { UsageError } from './surroundings.ts'

/** A file to be sent: where it is, and the path that it is sent with, folders and name with "/" between. */
export type SentFile = { file: string; path: string; size: number }

/**
 * The files that were named, those in folders as well. One that is named by a relative path keeps it, so that several of one name can be told apart; one by an
 * absolute path is sent by its name, a folder's by their paths in that folder. Throws UsageError for what can't be read.
 */
export async function filesToSend(named: string[]): Promise<SentFile[]> {
  const sent: SentFile[] = []
  for (const each of named) sent.push(...(await filesAt(each, path.isAbsolute(each) ? path.basename(each) : path.normalize(each))))
  return sent
}

async function filesAt(file: string, shown: string): Promise<SentFile[]> {
  const found = await look(file)
  if (found.isFile()) return [{ file, path: shown.replaceAll(path.sep, '/'), size: found.size }]
  if (!found.isDirectory()) throw new UsageError(`${file} can't be read: it is not a file`)
  const inside: SentFile[] = []
  for (const name of (await readdir(file)).toSorted()) inside.push(...(await filesAt(path.join(file, name), path.join(shown, name))))
  return inside
}

async function look(file: string) {
  try {
    return await stat(file)
  } catch (error) {
    throw new UsageError(`${file} can't be read: ${messageOf(error)}`)
  }
}
