import { Readable } from 'node:stream'
import type { StoredFile } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'
import { keepStream } from '../../storage/keep-stream.ts'
import type { KeepParts } from '../../storage/keep-stream.ts'
import type { Storage } from '../../storage/storage.ts'
import type { ReceivedPieces, SentFile } from './received-pieces.ts'
import { storedZip } from './stored-zip.ts'

export type PutParts = KeepParts & { pieces: ReceivedPieces }

/** What pictures and other files lie in that came one by one; their paths are kept in it. */
export const bundleName = 'import_files.zip'

const mostReadable = 1000

/**
 * One stored file of the pieces of each, and one of all pictures, so that a run has a handful of files however many 1C sent. What was put together is
 * noted at once: after a restart it goes on behind that. Throws `file_unsupported` when there is nothing to read, `file_limit` when there is too much.
 */
export async function putTogether(parts: PutParts, importId: string, moved: (bytes: number) => void): Promise<StoredFile[]> {
  const files = await parts.pieces.files(importId)
  const readable = files.filter(({ kind }) => kind !== 'other')
  if (readable.length === 0)
    throw new AppError('file_unsupported', 'None of the files is XML or a zip. Send what 1C exports for a site (CommerceML 2 or 3).')
  if (readable.length > mostReadable) throw new AppError('file_limit', `There are ${readable.length} XML files, and ${mostReadable} is the limit.`)
  for (const file of readable) {
    if (file.pieces.length === 1) continue
    const stored = await keepStream(parts, Readable.from(piecesOf(parts.storage, file), { objectMode: false }), moved)
    await parts.pieces.replace(importId, [file], { name: file.name, kind: file.kind, ...fieldsOf(stored) })
  }
  const others = files.filter(({ kind }) => kind === 'other')
  if (others.length > 0) {
    const sources = others.map((file) => ({ name: file.name, size: file.size, open: () => piecesOf(parts.storage, file) }))
    const stored = await keepStream(parts, Readable.from(storedZip(sources), { objectMode: false }), moved)
    await parts.pieces.replace(importId, others, { name: bundleName, kind: 'zip', ...fieldsOf(stored) })
  }
  return (await parts.pieces.files(importId)).flatMap(({ name, pieces: [piece] }) => (piece ? [{ name, ...fieldsOf(piece) }] : []))
}

async function* piecesOf(storage: Pick<Storage, 'read'>, { pieces }: SentFile): AsyncGenerator<Buffer> {
  for (const { key } of pieces) yield* storage.read(key) as AsyncIterable<Buffer>
}

function fieldsOf({ key, size, sha256 }: Omit<StoredFile, 'name'>): Omit<StoredFile, 'name'> {
  return { key, size, sha256 }
}
