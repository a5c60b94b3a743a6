import type { Kysely } from 'kysely'
import type { Database, EntityManager } from '../database/database.ts'
import type { SessionStatus } from '../../shared/session-status.ts'

/** What the next change of an import session goes by. */
export type EventHead = { status: SessionStatus; attempt: number; lastSeq: number; logHash: string }

type Tables = { import_session: { id: string; status: SessionStatus; attempt: number; last_seq: number; log_hash: string } }

/** Each batch of events reads and moves the head once: without the ORM that takes a fifth of the time. */
const tables = (em: EntityManager): Kysely<Tables> => em.getKysely<Tables>()

/** The head, held by the transaction of `em` until its end; undefined when there is no such import session. */
export async function lockHead(em: EntityManager, dialect: Database['dialect'], importId: string): Promise<EventHead | undefined> {
  const query = tables(em)
    .selectFrom('import_session')
    .where('id', '=', importId)
    .select(['status', 'attempt', 'last_seq as lastSeq', 'log_hash as logHash'])
  // SQLite has one connection here, and one writer.
  return await (dialect === 'postgresql' ? query.forUpdate() : query).executeTakeFirst()
}

export async function moveHead(em: EntityManager, importId: string, { lastSeq, logHash }: Pick<EventHead, 'lastSeq' | 'logHash'>): Promise<void> {
  await tables(em).updateTable('import_session').where('id', '=', importId).set({ last_seq: lastSeq, log_hash: logHash }).execute()
}
