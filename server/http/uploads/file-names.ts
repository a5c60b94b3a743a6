const longest = 255

/** A file's name for people: its last part, without control characters, at most 255 characters. It is never used as a path. */
export function safeName(name: string): string {
  return shown(name.split(/[/\\]/).at(-1) ?? '') || 'file'
}

/** Where a file lay in the folder that was sent, for people: no way up, no drive, at most 255 characters. It is never used as a path. Null when nothing is left. */
export function safePath(path: string): string | null {
  const parts = path.split(/[/\\]/).map(shown)
  return (
    parts
      .filter((part) => !['', '.', '..'].includes(part) && !/^[A-Za-z]:$/.test(part))
      .join('/')
      .slice(-longest)
      .toWellFormed() || null
  )
}

function shown(text: string): string {
  return text
    .replace(/\p{Cc}/gu, '\uFFFD')
    .slice(0, longest)
    .toWellFormed()
}
