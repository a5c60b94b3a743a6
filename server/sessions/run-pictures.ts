import type { Database } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import { readZip } from '../importers/commerce/read/zip.ts'
import { jobFiles } from '../jobs/job-files.ts'
import type { Storage } from '../storage/storage.ts'

export type RunPicture = { type: string; content: AsyncIterable<Buffer>; close: () => void }

const types: Record<string, string> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
}

/** The pictures that came with the files of a run, as long as those are kept. */
export class RunPictures {
  readonly #database: Database
  readonly #storage: Storage

  constructor(database: Database, storage: Storage) {
    this.#database = database
    this.#storage = storage
  }

  /** The picture of a path as 1C names it, in a zip of the run; null when it is not there, or is no picture. To be closed. */
  async find(importId: string, path: string): Promise<RunPicture | null> {
    const type = types[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '']
    const row = await this.#database.em().findOne(ImportSessionEntity, { id: importId }, { disableIdentityMap: true })
    if (!type || !row) return null
    const files = jobFiles(row.files, this.#storage)
    for (const file of files.filter(({ name }) => /\.zip$/i.test(name))) {
      const zip = await readZip(file)
      // Paths are relative to the folder of the XML file, which may be deep in the zip.
      const entry = zip.entries.find(({ name }) => name === path || name.endsWith(`/${path}`))
      if (entry) return { type, content: entry.open(), close: zip.close }
      zip.close()
    }
    return null
  }
}
