import type { JobContext } from '../../../jobs/importer.ts'
import { counted } from '../model/problem.ts'
import { filled } from '../read/element.ts'
import type { CommerceRecord } from '../read/record.ts'
import { PicturePaths } from './picture-files.ts'

/** So many of them are told by name. */
const told = 10

/** Holds the pictures that goods name against those that came. */
export class NamedPictures {
  readonly #came: PicturePaths
  readonly #unnamed: Set<string>
  readonly #count: number
  #missing = 0
  readonly #missingNames: string[] = []

  constructor(came: string[]) {
    this.#came = new PicturePaths(came)
    this.#unnamed = new Set(came)
    this.#count = this.#unnamed.size
  }

  /** A picture that goods name. */
  note(path: string): void {
    const found = this.#came.find(path)
    if (found !== null) {
      this.#unnamed.delete(found)
      return
    }
    this.#missing += 1
    if (this.#missingNames.length < told) this.#missingNames.push(path)
  }

  async tell(context: Pick<JobContext, 'log'>): Promise<void> {
    const missing = counted(this.#missing, 'picture')
    // Exports without pictures are usual.
    if (this.#missing > 0 && this.#count === 0) await context.log('info', `Goods name ${missing}, and none came with the files.`)
    else if (this.#missing > 0) await context.log('warning', `${missing} that goods name did not come: ${listed(this.#missingNames, this.#missing)}.`)
    const unnamed = [...this.#unnamed]
    if (unnamed.length === 0) return
    const spare = counted(unnamed.length, 'picture is', 'pictures are')
    await context.log('warning', `${spare} named by none of the goods in these files: ${listed(unnamed, unnamed.length)}.`)
  }
}

/** The pictures that goods name. */
export function picturesOf({ kind, element }: CommerceRecord): string[] {
  if (kind !== 'product' && kind !== 'offer') return []
  const paths: string[] = []
  for (const { name, text } of element.children) {
    const path = name === 'Картинка' ? filled(text)?.replaceAll('\\', '/') : null
    // Some set-ups name pictures by an address in the web.
    if (path && !/^https?:/i.test(path)) paths.push(path)
  }
  return paths
}

function listed(names: string[], all: number): string {
  const some = names.slice(0, told)
  return `${some.join(', ')}${all > some.length ? ' and others' : ''}`
}
