import type { Config } from '../config/config.ts'
import type { KindIntake } from '../http/routes/start-import.ts'
import { bulkIntake } from '../importers/bulk/intake.ts'
import { commerceIntake } from '../importers/commerce/intake.ts'
import { restoreIntake } from '../importers/restore/intake.ts'
import type { ImportKind } from '../../shared/protocol/views.ts'

/** An importer as the server knows it: the URL of the module that a run's thread loads, and what is checked before there is a run. */
export type ImporterParts = { module: string; intake: KindIntake }
export type Importers = Partial<Record<ImportKind, ImporterParts>>

/** @param guard what an import from 1C may do without asking, in percent */
export const ownImporters = (guard: Config['guard']): Importers => ({
  restore: { module: new URL('../importers/restore/restore.ts', import.meta.url).href, intake: restoreIntake },
  commerce: { module: new URL('../importers/commerce/commerce.ts', import.meta.url).href, intake: commerceIntake(guard) },
  bulk: { module: new URL('../importers/bulk/bulk.ts', import.meta.url).href, intake: bulkIntake },
})
