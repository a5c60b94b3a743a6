import { Api } from './api.ts'
import type { Right } from './api.ts'
import { UsageError } from './surroundings.ts'
import type { Surroundings } from './surroundings.ts'

/** The options that every command takes. */
export type GlobalOptions = { url?: string; login?: string; password?: string; token?: string; json?: boolean }

/** Where to and as whom, from options, else from the environment, else from the person at the terminal. Throws UsageError. */
export async function connect(options: GlobalOptions, { env, ask, interrupted }: Surroundings): Promise<Api> {
  return new Api(serverUrl(options.url ?? env['INTAKE_URL'] ?? 'http://127.0.0.1:3000'), await rightOf(options, env, ask), interrupted)
}

function serverUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError(`--url must be an address like http://127.0.0.1:3000, not ${text}.`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

async function rightOf(options: GlobalOptions, env: Surroundings['env'], ask: Surroundings['ask']): Promise<Right> {
  const token = options.token ?? (options.login === undefined ? env['INTAKE_TOKEN'] : undefined)
  if (token !== undefined && token !== '') return { type: 'token', token }
  const login = options.login ?? env['INTAKE_LOGIN'] ?? (await ask?.('Login: ', false))
  if (login === undefined || login === '')
    throw new UsageError('Say who you are: --login and --password, or INTAKE_LOGIN and INTAKE_PASSWORD, or --token.')
  const password = options.password ?? env['INTAKE_PASSWORD'] ?? (await ask?.(`Password of ${login}: `, true))
  if (password === undefined || password === '') throw new UsageError('A password is missing: --password or INTAKE_PASSWORD.')
  return { type: 'login', login, password }
}
