import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the project, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Environment for the tools of the project: our Node and theirs come first on the path. */
export function toolEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const path = [dirname(process.execPath), `${root}node_modules/.bin`, process.env['PATH']].join(delimiter)
  return { ...process.env, ...extra, PATH: path }
}
