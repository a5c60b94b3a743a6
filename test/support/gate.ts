import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A door that a scripted run waits at (`{ until: gate.file }`) until the test opens it. */
export type Gate = { file: string; open(): void; shut(): void }

/** Gates in a folder of their own, which `remove` takes away. */
export class Gates {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'intake-gates-'))
  #count = 0

  make(): Gate {
    const file = path.join(this.#folder, `gate-${++this.#count}`)
    return { file, open: () => writeFileSync(file, ''), shut: () => rmSync(file, { force: true }) }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
