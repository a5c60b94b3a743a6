import { AppError } from '../../errors.ts'

const longest = 255

/** A file's name for people: its last part, without control characters, at most 255 characters. It is never used as a path. */
function safeName(name: string): string {
  return shown(name.split(/[/\\]/).at(-1) ?? '') || 'file'
}

/** Where a file lay in the folder that was sent, for people: no way up, no drive, at most 255 characters. It is never used as a path. Null when nothing is left. */
function safePath(path: string): string | null {
  const parts = path.split(/[/\\]/).map(shown)
  return (
    parts
      .filter((part) => !['', '.', '..'].includes(part) && !/^[A-Za-z]:$/.test(part))
      .join('/')
      .slice(-longest)
      .toWellFormed() || null
  )
}

/** A file by the path that it was sent with: its name, and where it lay when folders were named before it. Throws `bad_request` for the way up, which is no name. */
export function placeOf(sent: string): { name: string; relativePath: string | null } {
  const [name, where] = [safeName(sent), safePath(sent)]
  if (name === '.' || name === '..') throw new AppError('bad_request', 'That is not the name of a file.')
  return { name, relativePath: where?.includes('/') ? where : null }
}

function shown(text: string): string {
  return text
    .replace(/\p{Cc}/gu, '\uFFFD')
    .slice(0, longest)
    .toWellFormed()
}
