import type { Kysely, Selectable } from 'kysely'
import type { EntityManager } from '../../database/database.ts'
import type { DeliveryChange, DeliveryState, DeliveryView, AccountView } from '../../../shared/protocol/views.ts'
import { AppError } from '../../errors.ts'
import type { DeliveryError, OpenDelivery } from '../../jobs/delivery-book.ts'

/** PostgreSQL gives 64-bit numbers as text. */
type Big = number | string

type DeliveryTable = {
  import_id: string
  account_id: string
  /** Place in the files of the run, from 0. */
  file: number
  state: DeliveryState
  /** 1: a retry of the failed ones leaves it as it is. */
  held: number
  attempts: number
  not_before: Big | null
  bytes: Big
  /** Of the upload, then of the copy. */
  size: Big
  /** What the next step reads: the upload from `valid` on, the account's own copy from `copied` on; null when nothing is to be read. */
  input_key: string | null
  /** Of the upload in `valid`, of the copy from `copied` on. */
  input_sha256: string | null
  path: string | null
  short_id: string | null
  mark: 'in_file' | 'in_name' | null
  compared: string | null
  /** JSON. */
  error: string | null
  changed_at: Big
}
type AccountTable = { import_id: string; account_id: string; place: number; name: string; driver: AccountView['driver'] }
export type DeliveryTables = {
  bulk_delivery: DeliveryTable
  bulk_account: AccountTable
  import_session: { id: string; last_seq: number; created_at: Big }
}
export type DeliveryRow = Selectable<DeliveryTable>

/** Bound parameters, not the ORM's interpolation. */
export const deliveryTables = (em: EntityManager): Kysely<DeliveryTables> => em.getKysely<DeliveryTables>()

export const openStates = ['waiting', 'valid', 'copied', 'delivered'] as const satisfies DeliveryState[]

export function isOpen(state: DeliveryState): state is OpenDelivery['state'] {
  return openStates.some((open) => open === state)
}

const errorOf = ({ error }: Pick<DeliveryRow, 'error'>): DeliveryError | undefined =>
  error === null ? undefined : (JSON.parse(error) as DeliveryError)

/** How far a row came, as the step that comes next is given it. */
export function openDeliveryOf(row: DeliveryRow, resumed: boolean): OpenDelivery {
  const key = { file: row.file, account: row.account_id, attempts: row.attempts, resumed }
  if (row.state === 'waiting') return { ...key, state: 'waiting' }
  const input = { key: row.input_key ?? '', sha256: row.input_sha256 ?? '', size: Number(row.size) }
  if (input.key !== '' && row.state === 'valid') return { ...key, state: 'valid', upload: input }
  const copied = row.path !== null && row.short_id !== null && input.key !== ''
  if (!copied || (row.state !== 'copied' && row.state !== 'delivered'))
    throw new AppError('internal', `The row of delivery ${row.file} to ${row.account_id} says ${row.state}, and lacks what belongs to it.`)
  return { ...key, state: row.state, copy: input, path: row.path!, shortId: row.short_id!, marked: row.mark === 'in_file' }
}

function hasCopy({ path, input_sha256: sha256 }: DeliveryRow): boolean {
  return path !== null && sha256 !== null
}

export function viewOf(row: DeliveryRow): DeliveryView {
  return { ...changeOf(row), size: Number(row.size), bytes: Number(row.bytes) }
}

/** A row as the event of its change bears it. */
export function changeOf(row: DeliveryRow): DeliveryChange {
  const error = errorOf(row)
  return {
    file: row.file,
    account: row.account_id,
    state: row.state,
    attempts: row.attempts,
    size: Number(row.size),
    ...(row.path !== null && { path: row.path }),
    ...(hasCopy(row) && { sha256: row.input_sha256! }),
    ...(error && { error }),
    ...(row.not_before !== null && { notBefore: new Date(Number(row.not_before)).toISOString() }),
  }
}

export const streamOf = (accountName: string): string => `account/${accountName}`
