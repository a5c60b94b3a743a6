import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { ImportView, StartAnswer } from '../../../shared/protocol/views.ts'
import { Gates } from '../../support/gate.ts'
import type { Script } from '../../support/scripted/script.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { CommandLine, asAdmin, jsonLines } from './command-line.ts'
import type { Finished } from './command-line.ts'

/** A server for the tests of one file, a folder for files to upload, and the commands that act on it as the administrator. */
export class CliServer {
  readonly gates = new Gates()
  app!: TestApp
  folder!: string
  #files = 0

  constructor() {
    beforeAll(async () => {
      this.app = await startApp()
      this.folder = await mkdtemp(path.join(tmpdir(), 'intake-cli-'))
    })
    afterAll(async () => {
      await this.app.close()
      await rm(this.folder, { recursive: true, force: true })
      this.gates.remove()
    })
  }

  command(args: string[], options: ConstructorParameters<typeof CommandLine>[1] = {}): CommandLine {
    return new CommandLine(args, { env: asAdmin(this.app.url), ...options })
  }

  async intake(...args: string[]): Promise<Finished> {
    return await this.command(args).done
  }

  /** Writes a script to a file; no two are the same, so that none joins another's run. */
  async scriptFile(script: Script): Promise<string> {
    const file = path.join(this.folder, `script-${++this.#files}.json`)
    await writeFile(file, JSON.stringify([{ log: `script ${this.#files}` }, ...script]))
    return file
  }

  /** Starts a run that does what the script says. */
  async started(script: Script): Promise<ImportView> {
    const { out } = await this.intake('start', 'table', await this.scriptFile(script), '--json')
    return (JSON.parse(out) as StartAnswer).import
  }

  /** Id of a run that did what the script says, and has ended. */
  async ended(script: Script): Promise<string> {
    const { out } = await this.intake('start', 'table', await this.scriptFile(script), '--follow', '--json')
    return jsonLines<{ import: ImportView }>(out).at(-1)!.import.id
  }
}
