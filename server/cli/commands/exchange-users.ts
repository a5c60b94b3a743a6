import { Option } from 'commander'
import type { Command } from 'commander'
import { exchangePath, paths } from '../../../shared/protocol/paths.ts'
import type { ExchangeSettingsView, UserView } from '../../../shared/protocol/views.ts'
import { commerceTypes } from '../../../shared/schemas/commerce-options.ts'
import type { Api } from '../api.ts'
import type { CommandContext } from '../command-context.ts'
import { targetIdOf } from '../target-names.ts'
import { safeLine } from '../terminal-text.ts'

type Said = { target?: string; types?: string[]; source?: string; deactivate?: boolean }

/** `intake users exchange LOGIN`: what a user of the exchange with 1C may bring, and where it goes. */
export function addExchange(users: Command, { act }: CommandContext, userIdOf: (api: Api, wanted: string) => Promise<string>): void {
  users
    .command('exchange')
    .description('what a user whose role is exchange may bring from 1C, and where it goes')
    .argument('<login>', 'login or id')
    .option('--target <database>', 'id or name of the database')
    .addOption(new Option('--types <types...>', 'what may be taken over').choices(commerceTypes))
    .option('--source <name>', 'what its 1C database is called, when there are several')
    .option('--deactivate', 'mark as deleted what a full catalog did not bring, when 1C asks for it')
    .option('--no-deactivate', 'switch nothing off')
    .action(async (wanted: string, said: Said, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const target = said.target === undefined ? null : await targetIdOf(api, said.target)
        const exchange = { ...said, ...(target !== null && { target }) }
        const { user } = await api.patch<{ user: UserView }>(paths.user(await userIdOf(api, wanted)), { exchange })
        printer.result(user, () => `${safeLine(user.login)}: ${settingsText(user.exchange)}. 1C sends to ${exchangePath}.`)
        return undefined
      })
    })
}

function settingsText(exchange: ExchangeSettingsView | undefined): string {
  if (!exchange) return 'exchanges nothing'
  const off = exchange.deactivate ? 'switches off what a full catalog lacks' : 'switches nothing off'
  return `brings ${exchange.types.join(', ')} of ${safeLine(exchange.source)} to ${safeLine(exchange.target)}, ${off}`
}
