import type { ExchangePrincipal } from '../../auth/exchange-logins.ts'
import { readExchangeSettings } from '../../auth/exchange-settings.ts'
import type { Database } from '../../database/database.ts'
import { AppError } from '../../errors.ts'

/** `deactivate`: 1C asks to switch off what it no longer sends. */
export class Deactivation {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** What was done, in words. Throws `wrong_state` when the settings wish it and the exchange before it does not bear it. */
  async of({ user }: ExchangePrincipal): Promise<string> {
    const { deactivate } = await readExchangeSettings(this.#database.em(), user.id)
    if (!deactivate) return 'Nothing was switched off: goods are marked as deleted only where 1C says so of each.'
    throw new AppError('wrong_state', 'Nothing was switched off.')
  }
}
