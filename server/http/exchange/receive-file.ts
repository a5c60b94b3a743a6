import { buffer } from 'node:stream/consumers'
import type { ExchangePrincipal } from '../../auth/exchange-logins.ts'
import { AppError } from '../../errors.ts'
import { isZipHead, notXml } from '../../importers/commerce/read/documents.ts'
import type { ExchangeCycles, ExchangeType } from '../../sessions/exchange/exchange-cycles.ts'
import type { ExchangeStarts } from '../../sessions/exchange/exchange-starts.ts'
import type { Added, NewPiece, ReceivedPieces } from '../../sessions/exchange/received-pieces.ts'
import type { Receiving } from '../../sessions/exchange/receiving.ts'
import { keepStream } from '../../storage/keep-stream.ts'
import type { KeepParts, KeptStream } from '../../storage/keep-stream.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Context } from '../context.ts'

/** The end tag, in two bytes a character, with some white space behind it. */
const tailBytes = 512

export type ReceiveParts = KeepParts & { cycles: ExchangeCycles; pieces: ReceivedPieces; receiving: Receiving; starts: ExchangeStarts }

/**
 * Takes the body, whatever its header calls it, as the next piece of the file; what does not come whole is dropped. Throws `file_limit` when the exchange
 * becomes larger than it may.
 */
export async function receiveFile(
  { storage, hashing, cycles, pieces, receiving, starts }: ReceiveParts,
  ctx: Context,
  { principal, type, name }: { principal: ExchangePrincipal; type: ExchangeType; name: string },
): Promise<void> {
  const caller = { agent: shown(ctx.get('User-Agent')), address: ctx.ip, requestId: ctx.state.requestId }
  const cycle = await cycles.receiving(principal, type, caller)
  const room = await pieces.room(cycle.importId)
  const kept = await keepWithin({ storage, hashing }, ctx, { room, meter: receiving.meter(cycle, name) })
  const { key, size, sha256, head } = kept
  // The mark of an end that was a multiple of the piece's size.
  if (size === 0) return await storage.remove(key)
  const piece = { name, kind: kindOf(head), key, size, sha256, restarts: isDeclaration(head) }
  const added = await addOrRemove(pieces, storage, cycle.importId, piece)
  await receiving.note(cycle.importId, piece, added)
  // An older 1C asks for no import of what it sends with orders: the file itself is the wish.
  if (type === 'sale' && principal.login.version === null && (await endsDocument(storage, added.kind, piece)))
    void starts.begin(cycle).catch(() => undefined)
}

async function addOrRemove(pieces: ReceivedPieces, storage: Pick<Storage, 'remove'>, importId: string, piece: NewPiece): Promise<Added> {
  try {
    return await pieces.add(importId, piece)
  } catch (thrown) {
    await storage.remove(piece.key)
    throw thrown
  }
}

async function keepWithin(parts: KeepParts, ctx: Context, { room, meter }: { room: number; meter: (bytes: number) => void }): Promise<KeptStream> {
  let got = 0
  try {
    return await keepStream(parts, ctx.req, (bytes) => {
      got += bytes
      if (got > room) throw new AppError('file_limit', 'This exchange is larger than this server takes (setting MAX_UPLOAD_MB).')
      meter(bytes)
    })
  } catch (thrown) {
    if (thrown instanceof AppError || ctx.req.complete) throw thrown
    throw new AppError('upload_truncated', 'The file did not arrive whole. Send it again.', { cause: thrown })
  }
}

function kindOf(head: Uint8Array): 'xml' | 'zip' | 'other' {
  if (isZipHead(head)) return 'zip'
  return notXml(head) === null ? 'xml' : 'other'
}

/** Only a file begins so: 1C sends it again without having said `init`. */
function isDeclaration(head: Uint8Array): boolean {
  return /^(\xef\xbb\xbf)?<\?xml\s/.test(Buffer.from(head.subarray(0, 10)).toString('latin1'))
}

/** Whether this is the last piece of its file, as far as its end tells: the root's end tag, or the end of a zip (APPNOTE.TXT 4.3.16). */
async function endsDocument(storage: Pick<Storage, 'read'>, kind: NewPiece['kind'], { key, size }: NewPiece): Promise<boolean> {
  if (kind === 'other') return false
  const tail = await buffer(storage.read(key, { start: Math.max(0, size - tailBytes), end: size }))
  if (kind === 'zip') return tail.includes('PK\x05\x06', 0, 'latin1')
  return ['utf-8', 'windows-1251', 'utf-16le'].some((encoding) =>
    new TextDecoder(encoding).decode(tail).trimEnd().endsWith('</КоммерческаяИнформация>'),
  )
}

function shown(agent: string): string {
  return agent.replace(/\p{Cc}/gu, '').slice(0, 100)
}
