import { fileURLToPath } from 'node:url'

/** Folder of the project, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Environment for the tools of the project: theirs come first on the path, so that they run under the project's Node. */
export function toolEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...extra, PATH: `${root}node_modules/.bin:${process.env['PATH'] ?? ''}` }
}
