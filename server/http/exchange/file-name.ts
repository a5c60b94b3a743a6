import { AppError } from '../../errors.ts'

const longest = 1000

/**
 * The path under which 1C sends a file, made safe: relative, with `/`, without what a 1C server puts before it. It only ever names a file to people and
 * within a zip; on the disk the file has a name of our own. Throws `invalid_input` for a path that climbs, and for none at all.
 */
export function fileNameOf(sent: string): string {
  const path = sent
    .toWellFormed()
    .replace(/\p{Cc}/gu, '')
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:/, '')
    .replaceAll(':', '_')
    // A 1C server on Linux sends its own temporary folder, or that of the site.
    .replace(/^\/*tmp\//, '')
    .replace(/^\/*upload\/1c\/webdata(\/|$)/, '')
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) throw new AppError('invalid_input', 'The name of the file is missing: filename=…')
  if (parts.includes('..')) throw new AppError('invalid_input', 'The name of the file leads out of its folder.')
  const name = parts.join('/')
  if (name.length > longest) throw new AppError('invalid_input', `The name of the file is longer than ${longest} characters.`)
  return name
}
