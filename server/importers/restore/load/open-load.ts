import type { TargetTransaction } from '../../../targets/target.ts'
import { counted } from '../problem.ts'
import type { RestoreRun } from '../restore-run.ts'
import { matchIdentities } from './match-identities.ts'

/** What the first transaction of an attempt does before any record: tables that are missing, content types and permissions that are there. */
export async function openLoad(run: RestoreRun, tx: TargetTransaction): Promise<void> {
  const { catalog, newTables, check, identities, context } = run
  if (newTables.length > 0) await tx.createTables(newTables)
  const renamed = await matchIdentities(tx, catalog, check.identities, identities)
  if (renamed === 0) return
  const what = counted(renamed, 'content type or permission is', 'content types and permissions are')
  await context.log('info', `${what} in the database under other keys: the rows there stay, and references to them are changed.`)
}
