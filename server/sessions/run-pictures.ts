import type { Database } from '../database/database.ts'
import { ImportSessionEntity } from '../database/entities.ts'
import type { ImportSession } from '../database/entities.ts'
import { PicturePaths } from '../importers/commerce/pictures/picture-files.ts'
import { readZip } from '../importers/commerce/read/zip.ts'
import type { JobFile } from '../jobs/importer.ts'
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

/** So many other runs are looked into. */
const mostOthers = 5

/** The pictures that came with the files of a run, as long as those are kept. */
export class RunPictures {
  readonly #database: Database
  readonly #storage: Storage

  constructor(database: Database, storage: Storage) {
    this.#database = database
    this.#storage = storage
  }

  /**
   * The picture of a path as 1C names it, beside the files of a run or in a zip of them; else of the newest other runs of the same 1C database into the same target: they may have
   * brought it again without a row having changed. Null when it is in none of them, or is no picture. To be closed.
   */
  async find(importId: string, path: string): Promise<RunPicture | null> {
    const type = typeOf(path)
    const em = this.#database.em()
    const row = await em.findOne(ImportSessionEntity, { id: importId }, { disableIdentityMap: true })
    if (!type || !row) return null
    const own = row.uploadsGone ? null : await this.#findIn(row, path)
    if (own) return { type, ...own }
    const others = { id: { $ne: importId }, kind: 'commerce' as const, targetId: row.targetId, uploadsGone: false, endedAt: { $ne: null } }
    const newest = await em.find(ImportSessionEntity, others, { orderBy: { createdAt: 'desc' }, limit: mostOthers, disableIdentityMap: true })
    for (const other of newest.filter(({ options }) => options['source'] === row.options['source'])) {
      const found = await this.#findIn(other, path)
      if (found) return { type, ...found }
    }
    return null
  }

  async #findIn({ files }: ImportSession, path: string): Promise<Omit<RunPicture, 'type'> | null> {
    const { places, close } = await placesOf(jobFiles(files, this.#storage))
    const open = places.get(new PicturePaths(places.keys()).find(path) ?? '')
    if (open) return { content: open(), close }
    close()
    return null
  }
}

type Places = { places: Map<string, () => AsyncIterable<Buffer>>; close: () => void }

/** Every picture by where it lies. The first of those in one place counts. */
async function placesOf(files: JobFile[]): Promise<Places> {
  const places: Places['places'] = new Map()
  const closers: (() => void)[] = []
  for (const file of files) {
    if (typeOf(file.path) !== null && !places.has(file.path)) places.set(file.path, () => file.open())
    if (!/\.zip$/i.test(file.name)) continue
    const { entries, close } = await readZip(file)
    closers.push(close)
    for (const entry of entries) if (typeOf(entry.name) !== null && !places.has(entry.name)) places.set(entry.name, () => entry.open())
  }
  const close = () => {
    for (const closer of closers) closer()
  }
  return { places, close }
}

function typeOf(path: string): string | null {
  return types[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? null
}
