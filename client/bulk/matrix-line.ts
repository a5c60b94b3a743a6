import type { ImportView } from '../../shared/protocol/views.ts'
import { driverForm } from '../accounts/drivers.ts'
import type { BoardAccount, DeliveryBoard } from './delivery-board.ts'
import type { DeliveryTally } from './delivery-tally.ts'

/** A row or a column of the matrix: an account or a file, by its place on the board. */
export type MatrixLine = { kind: 'account' | 'file'; at: number; name: string; icon: string }

export function accountLines(accounts: readonly BoardAccount[]): MatrixLine[] {
  return accounts.map(({ name, driver }, at) => ({ kind: 'account', at, name, icon: driverForm(driver).icon }))
}

export function fileLines(files: ImportView['files']): MatrixLine[] {
  return files.map(({ name, relativePath }, at) => ({ kind: 'file', at, name: relativePath ?? name, icon: 'i-lucide-file' }))
}

export function tallyOf(board: DeliveryBoard, { kind, at }: MatrixLine): DeliveryTally {
  return kind === 'account' ? board.accountTally(at) : board.fileTally(at)
}

/** Where a row and a column meet. */
export function crossing(row: MatrixLine, column: MatrixLine): { account: number; file: number } {
  return row.kind === 'account' ? { account: row.at, file: column.at } : { account: column.at, file: row.at }
}
