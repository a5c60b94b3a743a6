import type { EntityManager } from '../database/database.ts'
import { ExchangeSettingsEntity, TargetEntity } from '../database/entities.ts'
import type { ExchangeSettings } from '../database/entities.ts'
import { AppError } from '../errors.ts'
import type { ExchangeSettingsView } from '../../shared/protocol/views.ts'
import { commerceTypes } from '../../shared/schemas/commerce-options.ts'

export type ExchangeChange = {
  target?: string | undefined
  types?: string[] | undefined
  source?: string | undefined
  deactivate?: boolean | undefined
}

/** What a user of the exchange has who was never given settings. */
function standard(userId: string): ExchangeSettings {
  return { userId, targetId: 'main', types: [...commerceTypes], source: '1c', deactivate: false }
}

export async function readExchangeSettings(em: EntityManager, userId: string): Promise<ExchangeSettings> {
  return (await em.findOne(ExchangeSettingsEntity, { userId }, { disableIdentityMap: true })) ?? standard(userId)
}

/** Throws `invalid_input` when there is no such target. */
export async function changeExchangeSettings(em: EntityManager, userId: string, change: ExchangeChange): Promise<ExchangeSettings> {
  const { target, types, source, deactivate } = change
  if (target !== undefined && (await em.count(TargetEntity, { id: target })) === 0)
    throw new AppError('invalid_input', 'exchange.target: there is no such database')
  const settings: ExchangeSettings = {
    ...(await readExchangeSettings(em, userId)),
    ...(target !== undefined && { targetId: target }),
    ...(types !== undefined && { types }),
    ...(source !== undefined && { source }),
    ...(deactivate !== undefined && { deactivate }),
  }
  await em.upsert(ExchangeSettingsEntity, settings)
  return settings
}

export function presentExchangeSettings({ targetId, types, source, deactivate }: ExchangeSettings): ExchangeSettingsView {
  return { target: targetId, types, source, deactivate }
}
