import { LockMode } from '@mikro-orm/core'
import type { Database, EntityManager } from '../../database/database.ts'
import { ExchangeCycleEntity, ExchangePieceEntity } from '../../database/entities.ts'
import type { ExchangePiece } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'
import type { Storage } from '../../storage/storage.ts'

/** A stored piece, before it has its number. `restarts`: it begins the file anew, whatever came of it before. */
export type NewPiece = Pick<ExchangePiece, 'name' | 'kind' | 'key' | 'size' | 'sha256'> & { restarts: boolean }
/** A file that 1C sent: its pieces in their order. */
export type SentFile = { name: string; kind: ExchangePiece['kind']; size: number; pieces: ExchangePiece[] }
/** `fileBytes`: of the file so far; `bytes`: of all files; `first`: it begins the file; `piece`: its number among all pieces, from 0; `kind`: what its file is. */
export type Added = { fileBytes: number; bytes: number; piece: number; first: boolean; kind: ExchangePiece['kind'] }

/** A picture is a file, and a large shop has many. */
const mostPieces = 1_000_000

/** The pieces of files that 1C has sent into a cycle. The database knows them; the storage keeps them. */
export class ReceivedPieces {
  readonly #database: Database
  readonly #storage: Storage
  readonly #maxBytes: number

  constructor({ database, storage, maxBytes }: { database: Database; storage: Storage; maxBytes: number }) {
    this.#database = database
    this.#storage = storage
    this.#maxBytes = maxBytes
  }

  /** How many bytes the next piece may have. */
  async room(importId: string): Promise<number> {
    const cycle = await this.#database.em().findOne(ExchangeCycleEntity, { importId }, { fields: ['bytes'], disableIdentityMap: true })
    return Math.max(0, this.#maxBytes - (cycle?.bytes ?? 0))
  }

  /** Adds a piece behind the others of its file. Throws `wrong_state` when the import has begun, `file_limit` when it is too much. */
  async add(importId: string, { restarts, ...piece }: NewPiece): Promise<Added> {
    const { dropped, ...added } = await this.#database.em().transactional(async (em) => await this.#addWithin(em, importId, piece, restarts))
    for (const key of dropped) await this.#storage.remove(key)
    return added
  }

  /** What was sent, in the order in which it began to arrive. */
  async files(importId: string): Promise<SentFile[]> {
    const pieces = await this.#database.em().find(ExchangePieceEntity, { importId }, { orderBy: { piece: 'asc' }, disableIdentityMap: true })
    const files = new Map<string, SentFile>()
    for (const piece of pieces) {
      const { name, kind, size } = piece
      const file = files.get(name)
      if (!file) files.set(name, { name, kind, size, pieces: [piece] })
      else {
        file.size += size
        file.pieces.push(piece)
      }
    }
    return [...files.values()]
  }

  /** Whether anything was sent that an `import` of this name can be about: the file, or a zip that holds it. */
  async holds(importId: string, filename: string): Promise<boolean> {
    const wanted = { importId, kind: { $in: ['xml', 'zip'] as const } }
    const sent = await this.#database.em().find(ExchangePieceEntity, wanted, { fields: ['name', 'kind'], disableIdentityMap: true })
    return sent.some(({ name, kind }) => kind === 'zip' || isSameFile(name, filename))
  }

  /** Puts one stored file in the place of the pieces of some files: of one, or of all that are neither XML nor zip. Throws `wrong_state` when they changed. */
  async replace(importId: string, files: SentFile[], stored: Omit<ExchangePiece, 'importId' | 'piece'>): Promise<void> {
    const pieces = files.flatMap((file) => file.pieces)
    const [first] = pieces
    if (!first) return
    const which = first.kind === 'other' ? { importId, kind: first.kind } : { importId, name: first.name }
    await this.#database.em().transactional(async (em) => {
      const gone = await em.nativeDelete(ExchangePieceEntity, which)
      if (gone !== pieces.length) throw new AppError('wrong_state', 'The files of this exchange are no longer the same.')
      await em.insert(ExchangePieceEntity, { importId, piece: first.piece, ...stored })
    })
    for (const { key } of pieces) await this.#storage.remove(key)
  }

  async #addWithin(
    em: EntityManager,
    importId: string,
    piece: Omit<NewPiece, 'restarts'>,
    restarts: boolean,
  ): Promise<Added & { dropped: string[] }> {
    const cycle = await em.findOne(ExchangeCycleEntity, { importId }, { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true })
    if (!cycle || cycle.closed) throw new AppError('wrong_state', 'The import of these files has begun already. Start the exchange anew.')
    const before = await em.find(ExchangePieceEntity, { importId, name: piece.name }, { fields: ['key', 'size', 'kind'], disableIdentityMap: true })
    const again = restarts && before.length > 0
    const had = before.reduce((sum, { size }) => sum + size, 0)
    const bytes = cycle.bytes + piece.size - (again ? had : 0)
    if (bytes > this.#maxBytes || cycle.pieces >= mostPieces) throw new AppError('file_limit', 'This exchange is larger than this server takes.')
    if (again) await em.nativeDelete(ExchangePieceEntity, { importId, name: piece.name })
    const kind = again ? piece.kind : (before[0]?.kind ?? piece.kind)
    await em.insert(ExchangePieceEntity, { ...piece, kind, importId, piece: cycle.pieces })
    await em.nativeUpdate(ExchangeCycleEntity, { importId }, { pieces: cycle.pieces + 1, bytes, seenAt: Date.now() })
    const dropped = again ? before.map(({ key }) => key) : []
    return { fileBytes: piece.size + (again ? 0 : had), bytes, piece: cycle.pieces, kind, first: before.length === 0 || again, dropped }
  }
}

/** 1C may name a file by another folder, or in other capitals, when it asks for its import. */
export function isSameFile(sent: string, asked: string): boolean {
  const last = (name: string) => name.toLowerCase().split('/').at(-1)
  return asked === '' || last(sent) === last(asked)
}
