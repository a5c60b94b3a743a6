import { Option } from 'commander'
import type { Command } from 'commander'
import { paths } from '../../../shared/protocol/paths.ts'
import type { UserView } from '../../../shared/protocol/views.ts'
import { roles } from '../../../shared/schemas/requests.ts'
import type { Api } from '../api.ts'
import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../surroundings.ts'
import type { Surroundings } from '../surroundings.ts'
import { safeLine, table } from '../terminal-text.ts'
import { addExchange } from './exchange-users.ts'

type NewPassword = { newPassword?: string }

/** `intake users list|add|disable|enable|passwd|exchange`, for superusers */
export function addUsers(program: Command, context: CommandContext): void {
  const users = program.command('users').description('who may log in; for superusers')
  addList(users, context)
  addAdd(users, context)
  addChanges(users, context)
  addExchange(users, context, userIdOf)
}

function addList(users: Command, { act }: CommandContext): void {
  users
    .command('list', { isDefault: true })
    .description('list them')
    .action(async (_options: unknown, command: Command) => {
      await act(command, async ({ api, printer }) => {
        const { items } = await api.get<{ items: UserView[] }>(paths.users)
        printer.result(items, () => table([['ID', 'LOGIN', 'NAME', 'ROLE', ''], ...items.map(row)]))
        return undefined
      })
    })
}

function row({ id, login, name, role, disabled }: UserView): string[] {
  return [id, safeLine(login), safeLine(name), role, disabled ? 'disabled' : '']
}

function addAdd(users: Command, { surroundings, act }: CommandContext): void {
  users
    .command('add')
    .description('add one')
    .argument('<name>', 'the login')
    .option('--name <name>', 'how people call them')
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).default('staff'))
    .addOption(newPasswordOption())
    .action(async (login: string, { name, role, newPassword }: NewPassword & { name?: string; role: string }, command: Command) => {
      const password = await askNewPassword(newPassword, surroundings)
      await act(command, async ({ api, printer }) => {
        const { user } = await api.post<{ user: UserView }>(paths.users, { json: { login, role, password, ...(name !== undefined && { name }) } })
        printer.result(user, () => `Added ${safeLine(user.login)} (${user.role}).`)
        return undefined
      })
    })
}

function addChanges(users: Command, { surroundings, act }: CommandContext): void {
  const change = async (command: Command, wanted: string, patch: object, done: string): Promise<void> => {
    await act(command, async ({ api, printer }) => {
      const { user } = await api.patch<{ user: UserView }>(paths.user(await userIdOf(api, wanted)), patch)
      printer.result(user, () => `${safeLine(user.login)}: ${done}`)
      return undefined
    })
  }

  users
    .command('disable')
    .description('end all of their logins and watches at once, and let them in no more')
    .argument('<login>', 'login or id')
    .action(async (wanted: string, _options: unknown, command: Command) => await change(command, wanted, { disabled: true }, 'disabled.'))

  users
    .command('enable')
    .description('let them in again')
    .argument('<login>', 'login or id')
    .action(async (wanted: string, _options: unknown, command: Command) => await change(command, wanted, { disabled: false }, 'enabled.'))

  users
    .command('passwd')
    .description('give them a new password; it ends their logins and watches')
    .argument('<login>', 'login or id')
    .addOption(newPasswordOption())
    .action(async (wanted: string, { newPassword }: NewPassword, command: Command) => {
      const password = await askNewPassword(newPassword, surroundings)
      await change(command, wanted, { password }, 'has a new password.')
    })
}

function newPasswordOption(): Option {
  return new Option('--new-password <password>', 'the password to give (INTAKE_NEW_PASSWORD; asked for on a terminal)')
}

async function askNewPassword(given: string | undefined, { env, ask }: Surroundings): Promise<string> {
  const password = given ?? env['INTAKE_NEW_PASSWORD'] ?? (await ask?.('New password: ', true))
  if (password === undefined || password === '') throw new UsageError('The new password is missing: --new-password or INTAKE_NEW_PASSWORD.')
  return password
}

async function userIdOf(api: Api, wanted: string): Promise<string> {
  const { items } = await api.get<{ items: UserView[] }>(paths.users)
  const found = items.find(({ id }) => id === wanted) ?? items.find(({ login }) => login === wanted)
  if (!found) throw new UsageError(`There is no user ${wanted}.`)
  return found.id
}
