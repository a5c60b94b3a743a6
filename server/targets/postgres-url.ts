import { AppError } from '../errors.ts'

/** Settings that may stand behind the `?`. Those that name files of the server (`sslkey`, `sslrootcert`) or another host may not. */
const allowed = new Set(['sslmode', 'application_name', 'connect_timeout', 'options'])
const sslModes = new Set(['disable', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full'])
const example = 'postgresql://USER:PASSWORD@HOST:5432/DATABASE'

/** A PostgreSQL URL that was checked. Throws `invalid_input`. */
export function postgresAddress(text: string): string {
  if (!URL.canParse(text)) throw new AppError('invalid_input', `This is not the address of a PostgreSQL database: ${example}`)
  const url = new URL(text)
  if (!url.hostname) throw new AppError('invalid_input', `The address has no host: ${example}`)
  if (/%2f|%00/i.test(url.hostname)) throw new AppError('invalid_input', 'The host is a name or an address, not the path of a socket.')
  const database = decoded(url.pathname.slice(1))
  if (database === '' || database.includes('/') || database.includes('\0')) {
    throw new AppError('invalid_input', `The address has to name one database: ${example}`)
  }
  decoded(url.username)
  decoded(url.password)
  for (const [name, value] of url.searchParams) checkSetting(name, value)
  return url.href
}

function checkSetting(name: string, value: string): void {
  if (!allowed.has(name)) {
    throw new AppError('invalid_input', `The setting "${name}" can't stand in an address. Those that can: ${[...allowed].join(', ')}.`)
  }
  if (name === 'sslmode' && !sslModes.has(value)) {
    throw new AppError('invalid_input', `sslmode is one of ${[...sslModes].join(', ')}.`)
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new AppError('invalid_input', 'The address has a "%" that is not followed by two hexadecimal digits. Write "%25" for the sign itself.')
  }
}
