import type { Stored, ValidDelivery } from '../../../jobs/delivery-book.ts'
import { hashHere } from '../../../storage/hash-thread.ts'
import type { StreamHash } from '../../../storage/hash-thread.ts'
import type { Storage } from '../../../storage/storage.ts'
import { copyName, shortIdOf } from '../copies/copy-name.ts'
import { withEdits } from '../copies/edits.ts'
import { findPlace } from '../copies/find-place.ts'
import { readAll } from '../copies/heads.ts'
import type { Mark } from '../copies/mark.ts'
import type { BulkRun, Step } from '../run/bulk-run.ts'

/** A smaller copy is hashed while its bytes are at hand. */
const threadsFrom = 1024 * 1024

/** The account's own copy: with a mark inside where its kind can bear one, else the same bytes under a name of its own. Its key is one that no other file has. */
export async function makeUnique({ file, account, upload }: ValidDelivery, run: BulkRun): Promise<Step> {
  const { importId, options, files, lanes, ports } = run
  const shortId = shortIdOf(importId, file, account)
  const path = copyName(options.nameTemplate, { sent: files.pathOf(file), account: lanes.of(account).name, shortId })
  const marked = options.mark ? await markedCopy(run, upload, { importId, accountId: account, shortId }) : null
  const copy = marked ?? (await plainCopy(ports.storage, upload))
  const how = marked ? 'with a mark inside' : options.mark ? 'known by its name alone: this file has no place for a mark' : 'known by its name alone'
  return { result: { to: 'copied', copy, path, shortId, marked: marked !== null }, level: 'debug', message: `Its own copy is ${path}, ${how}.` }
}

async function markedCopy({ ports: { storage }, heads, hashing }: BulkRun, upload: Stored, mark: Mark): Promise<Stored | null> {
  const read = async (start: number, end: number) => await readAll(storage.read(upload.key, { start, end }))
  const edits = await findPlace({ size: upload.size, head: await heads.of(upload), read }, mark)
  if (!edits) return null
  const hash = upload.size < threadsFrom ? hashHere() : hashing.open()
  return await keep(storage, hash, withEdits(storage.read(upload.key) as AsyncIterable<Buffer>, edits))
}

async function plainCopy(storage: Storage, upload: Stored): Promise<Stored> {
  return { ...upload, key: await storage.duplicate(upload.key) }
}

async function keep(storage: Storage, hash: StreamHash, pieces: AsyncIterable<Buffer>): Promise<Stored> {
  // What a power cut takes of it is made again: `deliver` looks.
  const writer = await storage.create('passing')
  let size = 0
  try {
    for await (const piece of pieces) {
      await writer.write([piece])
      size += piece.length
      await hash.update([piece as Uint8Array<ArrayBuffer>])
    }
    await writer.commit()
    return { key: writer.key, sha256: await hash.digest(), size }
  } catch (thrown) {
    hash.discard()
    await writer.discard()
    throw thrown
  }
}
