/** The first bytes of JPEG, PNG, GIF, BMP and WebP. */
const beginnings = [/^\xff\xd8\xff/, /^\x89PNG\r\n\x1a\n/, /^GIF8[79]a/, /^BM/, /^RIFF[^]{4}WEBP/]

/** So many bytes tell a picture. */
export const pictureHeadBytes = 16

/** Whether a file is a picture, by its first bytes. */
export function isPictureHead(head: Uint8Array): boolean {
  const text = Buffer.from(head.subarray(0, pictureHeadBytes)).toString('latin1')
  return beginnings.some((beginning) => beginning.test(text))
}

/** Where the pictures of a run lie: in folders as they came, or under their names alone. */
export class PicturePaths {
  readonly #byName = new Map<string, string[]>()

  constructor(paths: Iterable<string>) {
    for (const path of paths) {
      const known = this.#byName.get(nameOf(path))
      if (known) known.push(path)
      else this.#byName.set(nameOf(path), [path])
    }
  }

  /**
   * The picture that 1C names by a path, which is relative to the folder of its XML file: that may lie deep in what was sent. A file that came without its folders is
   * known by its name, when no other has it.
   */
  find(path: string): string | null {
    const named = this.#byName.get(nameOf(path)) ?? []
    return named.find((each) => each === path || each.endsWith(`/${path}`)) ?? (named.length === 1 ? (named[0] ?? null) : null)
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
