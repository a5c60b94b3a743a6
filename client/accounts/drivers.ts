import type { AccountView } from '../../shared/protocol/views.ts'

export type Driver = AccountView['driver']

/** How an input of the form is shown. `headers` are lines of "Name: value". */
export type FieldKind = 'text' | 'url' | 'port' | 'switch' | 'method' | 'headers' | 'secret' | 'longSecret' | 'secretHeaders'

export type AccountField = {
  name: string
  kind: FieldKind
  required?: boolean
  /** What a new account begins with. */
  initial?: string | boolean
  /** Takes the whole width of the form. */
  wide?: boolean
  /** What the server takes, as an input checks it. */
  pattern?: string
  /** Shown in the empty field. An address is the same in every language. */
  example?: string
}

type DriverForm = {
  icon: string
  /** Null where the language has a word for it. */ name: string | null
  address: AccountField[]
  secrets: AccountField[]
}

const webUrl = '[Hh][Tt][Tt][Pp][Ss]?://.+'
const readBack = (initial: boolean): AccountField => ({ name: 'readBack', kind: 'switch', initial, wide: true })

const forms: Record<Driver, DriverForm> = {
  directory: {
    icon: 'i-lucide-folder',
    name: null,
    address: [{ name: 'folder', kind: 'text', required: true, wide: true, example: 'shop-berlin' }],
    secrets: [],
  },
  s3: {
    icon: 'i-lucide-cylinder',
    name: 'S3',
    address: [
      { name: 'bucket', kind: 'text', required: true, pattern: '\\s*[A-Za-z0-9._\\-]{1,255}\\s*', example: 'media' },
      { name: 'region', kind: 'text', initial: 'us-east-1', pattern: '\\s*[A-Za-z0-9\\-]{1,40}\\s*' },
      { name: 'endpoint', kind: 'url', pattern: webUrl, example: 'https://storage.example.com' },
      { name: 'prefix', kind: 'text', example: 'incoming/' },
      readBack(false),
    ],
    secrets: [
      { name: 'accessKeyId', kind: 'secret', required: true },
      { name: 'secretAccessKey', kind: 'secret', required: true },
    ],
  },
  sftp: {
    icon: 'i-lucide-square-terminal',
    name: 'SFTP',
    address: [
      { name: 'host', kind: 'text', required: true, example: 'sftp.example.com' },
      { name: 'port', kind: 'port', initial: '22' },
      { name: 'user', kind: 'text', required: true },
      { name: 'folder', kind: 'text', initial: '.' },
      { name: 'hostKey', kind: 'text', wide: true, pattern: '\\s*SHA256:[A-Za-z0-9+\\/]{43}\\s*', example: 'SHA256:…' },
      readBack(true),
    ],
    secrets: [
      { name: 'password', kind: 'secret' },
      { name: 'privateKey', kind: 'longSecret', wide: true, example: '-----BEGIN OPENSSH PRIVATE KEY-----' },
      { name: 'passphrase', kind: 'secret' },
    ],
  },
  webdav: {
    icon: 'i-lucide-globe',
    name: 'WebDAV',
    address: [
      { name: 'url', kind: 'url', required: true, wide: true, pattern: webUrl, example: 'https://cloud.example.com/remote.php/dav/files/anna/' },
      { name: 'user', kind: 'text' },
      readBack(true),
    ],
    secrets: [{ name: 'password', kind: 'secret', wide: true }],
  },
  http: {
    icon: 'i-lucide-webhook',
    name: 'HTTP',
    address: [
      { name: 'url', kind: 'url', required: true, wide: true, pattern: webUrl, example: 'https://intake.example.com/files/' },
      { name: 'method', kind: 'method', initial: 'PUT', wide: true },
      { name: 'headers', kind: 'headers', wide: true, example: 'X-Source: intake' },
    ],
    secrets: [
      { name: 'headers', kind: 'secretHeaders', wide: true, example: 'Authorization: Bearer …' },
      { name: 'signingKey', kind: 'secret', wide: true },
    ],
  },
}

export const drivers = Object.keys(forms) as Driver[]

export function driverForm(driver: Driver): DriverForm {
  return forms[driver]
}

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** Where an account leads to, in a line, without what is secret. */
export function addressLine({ driver, address }: Pick<AccountView, 'driver' | 'address'>): string {
  const part = (name: string): string => textOf(address[name])
  if (driver === 'directory') return part('folder')
  if (driver === 's3') {
    const place = [part('bucket'), part('prefix')].filter((each) => each !== '').join('/')
    return part('endpoint') === '' ? `s3://${place}` : `${part('endpoint').replace(/\/$/, '')}/${place}`
  }
  if (driver !== 'sftp') return part('url')
  const port = part('port') === '22' ? '' : `:${part('port')}`
  const folder = part('folder') === '.' ? '' : `/${part('folder').replace(/^\//, '')}`
  return `${part('user')}@${part('host')}${port}${folder}`
}

/** Accounts that have all words of a search in their name, address or driver. */
export function findAccounts(accounts: readonly AccountView[], search: string): AccountView[] {
  const words = search.trim().toLowerCase().split(/\s+/)
  return accounts.filter((account) => {
    const text = `${account.name}\n${addressLine(account)}\n${account.driver}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
