import { readFile } from 'node:fs/promises'
import { Option } from 'commander'
import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { AccountTest, AccountView } from '../../../shared/protocol/views.ts'
import { accountIdsOf } from '../account-names.ts'
import type { Api } from '../api.ts'
import type { CommandContext } from '../command-context.ts'
import { UsageError, exitCodes } from '../surroundings.ts'
import { safeLine, table } from '../terminal-text.ts'
import { addOption } from './start.ts'

type Values = Record<string, unknown>
type Parts = { address: Values; secret: Values; limit: Values }

const drivers: AccountView['driver'][] = ['directory', 's3', 'sftp', 'webdav', 'http']

/** `intake accounts list|add|change|remove|test` */
export function addAccounts(program: Command, context: CommandContext): void {
  const accounts = program.command('accounts').description('where bulk uploads deliver')
  addList(accounts, context)
  addAdd(accounts, context)
  addChange(accounts, context)
  addRemove(accounts, context)
  addTest(accounts, context)
}

function addList(accounts: Command, { act }: CommandContext): void {
  accounts
    .command('list', { isDefault: true })
    .description('list them')
    .action(async (_options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const { items } = await api.get<{ items: AccountView[] }>(paths.accounts)
        printer.result(items, () => table([['ID', 'NAME', 'DRIVER', 'ADDRESS'], ...items.map(rowOf)]))
        return undefined
      })
    })
}

function rowOf({ id, name, driver, address }: AccountView): string[] {
  const { url, host, bucket, folder } = address
  const shown = [url, host, bucket, folder].filter((part) => typeof part === 'string' && part !== '').join(' ')
  return [id, safeLine(name), driver, safeLine(shown)]
}

function addAdd(accounts: Command, { act }: CommandContext): void {
  const command = accounts
    .command('add')
    .description('add one; it is tested first')
    .argument('<name>', 'how people call it')
    .argument('<driver>', `one of ${drivers.join(', ')}`)
  withParts(command).action(async (name: string, driver: string, parts: Parts, chosen: Command) => {
    const json = { name, driver, address: parts.address, secrets: await withFiles(parts.secret), limits: parts.limit }
    await act(chosen, async ({ api, printer }) => {
      const { account } = await api.post<{ account: AccountView }>(paths.accounts, { json })
      printer.result(account, () => `Added ${account.id} (${safeLine(account.name)}).`)
      return undefined
    })
  })
}

function addChange(accounts: Command, { act }: CommandContext): void {
  const command = accounts
    .command('change')
    .description('change one; a new address is tested first. Address and secrets come whole')
    .argument('<id>', 'id or name')
    .option('--name <name>', 'how people call it from now on')
  withParts(command).action(async (wanted: string, { name, ...parts }: Parts & { name?: string }, chosen: Command) => {
    const secrets = await withFiles(parts.secret)
    const given = Object.entries({ address: parts.address, secrets, limits: parts.limit }).filter(([, values]) => Object.keys(values).length > 0)
    if (name === undefined && given.length === 0) throw new UsageError('Say what to change: --name, --address, --secret or --limit')
    const patch = { ...(name !== undefined && { name }), ...Object.fromEntries(given) }
    await act(chosen, async ({ api, printer }) => {
      const { account } = await api.patch<{ account: AccountView }>(paths.account(await accountIdOf(api, wanted)), patch)
      printer.result(account, () => `Changed ${account.id} (${safeLine(account.name)}).`)
      return undefined
    })
  })
}

function addRemove(accounts: Command, { act }: CommandContext): void {
  accounts
    .command('remove')
    .description('forget one; what was delivered is left as it is')
    .argument('<id>', 'id or name')
    .action(async (wanted: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const id = await accountIdOf(api, wanted)
        await api.delete(paths.account(id))
        printer.result({ removed: id }, () => `Removed ${id}.`)
        return undefined
      })
    })
}

function addTest(accounts: Command, { act }: CommandContext): void {
  accounts
    .command('test')
    .description('say whether one works')
    .argument('<id>', 'id or name')
    .action(async (wanted: string, _options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const test = await api.post<AccountTest>(paths.accountTest(await accountIdOf(api, wanted)), { json: {} })
        printer.result(test, () => (test.ok ? `It works: ${safeLine(test.description)}` : `${safeLine(test.error.message)} (${test.error.code})`))
        return test.ok ? exitCodes.succeeded : exitCodes.failed
      })
    })
}

function withParts(command: Command): Command {
  const part = (flags: string, description: string) => new Option(flags, description).argParser(addOption).default({}, 'none')
  return command
    .addOption(part('--address <name=value>', 'a part of the address, for instance host=nas.lan; may be repeated'))
    .addOption(part('--secret <name=value>', 'a secret, for instance password=…; @FILE reads it from a file; may be repeated'))
    .addOption(part('--limit <name=value>', 'concurrency, bytesPerSecond or maxBytes; may be repeated'))
}

/** Other people of the machine see command lines, not files. A secret that looks like a number is text all the same. */
async function withFiles(secrets: Values): Promise<Values> {
  const read = async ([name, value]: [string, unknown]): Promise<[string, unknown]> => {
    if (typeof value === 'object') return [name, value]
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (!text.startsWith('@')) return [name, text]
    try {
      return [name, (await readFile(text.slice(1), 'utf8')).replace(/\r?\n$/, '')]
    } catch {
      throw new UsageError(`The file for the secret ${name} can’t be read.`)
    }
  }
  return Object.fromEntries(await Promise.all(Object.entries(secrets).map(read)))
}

async function accountIdOf(api: Api, wanted: string): Promise<string> {
  const [id = ''] = await accountIdsOf(api, [wanted])
  return id
}
