import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Stored, ValidDelivery } from '../../../jobs/delivery-book.ts'
import type { Storage } from '../../../storage/storage.ts'
import { copyName, shortIdOf } from '../copies/copy-name.ts'
import { withEdits } from '../copies/edits.ts'
import { findPlace, headBytes } from '../copies/find-place.ts'
import type { Mark } from '../copies/mark.ts'
import type { BulkRun, Step } from '../run/bulk-run.ts'

/** The account's own copy: with a mark inside where its kind can bear one, else the same bytes under a name of its own. Its key is one that no other file has. */
export async function makeUnique({ file, account, upload }: ValidDelivery, run: BulkRun): Promise<Step> {
  const { importId, options, files, lanes, ports } = run
  const shortId = shortIdOf(importId, file, account)
  const path = copyName(options.nameTemplate, { sent: files.pathOf(file), account: lanes.of(account).name, shortId })
  const marked = options.mark ? await markedCopy(ports.storage, upload, { importId, accountId: account, shortId }) : null
  const copy = marked ?? (await plainCopy(ports.storage, upload))
  const how = marked ? 'with a mark inside' : options.mark ? 'known by its name alone: this kind of file bears no mark' : 'known by its name alone'
  return { result: { to: 'copied', copy, path, shortId, marked: marked !== null }, level: 'debug', message: `Its own copy is ${path}, ${how}.` }
}

async function markedCopy(storage: Storage, upload: Stored, mark: Mark): Promise<Stored | null> {
  const read = async (start: number, end: number) => await buffer(storage.read(upload.key, { start, end }))
  const head = await read(0, Math.min(headBytes, upload.size))
  const edits = await findPlace({ size: upload.size, head, read }, mark)
  return edits && (await keep(storage, withEdits(storage.read(upload.key) as AsyncIterable<Buffer>, edits)))
}

async function plainCopy(storage: Storage, upload: Stored): Promise<Stored> {
  return { ...upload, key: await storage.duplicate(upload.key) }
}

async function keep(storage: Storage, pieces: AsyncIterable<Buffer>): Promise<Stored> {
  // What a power cut takes of it is made again: `deliver` looks.
  const writer = await storage.create('passing')
  const hash = createHash('sha256')
  let size = 0
  try {
    for await (const piece of pieces) {
      await writer.write([piece])
      hash.update(piece)
      size += piece.length
    }
    await writer.commit()
    return { key: writer.key, sha256: hash.digest('hex'), size }
  } catch (thrown) {
    await writer.discard()
    throw thrown
  }
}
