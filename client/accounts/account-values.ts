import type { AccountLimits, AccountView } from '../../shared/protocol/views.ts'
import { standardLimits } from '../../shared/standard-limits.ts'
import type { PlaceDraft } from '../api/accounts.ts'
import { driverForm } from './drivers.ts'
import type { AccountField, Driver } from './drivers.ts'

/** What stands in the fields of the form. */
export type FieldValues = Record<string, string | boolean>
/** Speed and size in megabytes, as people say them; empty is no limit. */
export type LimitValues = { concurrency: string; megabytesPerSecond: string; maxMegabytes: string }

const megabyte = 1_000_000

/** What the fields of an address begin with: what is saved, else what the driver starts from. */
export function addressValues(driver: Driver, saved?: Record<string, unknown>): FieldValues {
  return Object.fromEntries(driverForm(driver).address.map((field) => [field.name, saved ? shown(field, saved[field.name]) : (field.initial ?? '')]))
}

export function emptySecrets(driver: Driver): FieldValues {
  return Object.fromEntries(driverForm(driver).secrets.map(({ name }) => [name, '']))
}

export function limitValues({ concurrency, bytesPerSecond, maxBytes }: AccountLimits): LimitValues {
  const inMegabytes = (bytes: number | null): string => (bytes === null ? '' : String(bytes / megabyte))
  return { concurrency: String(concurrency), megabytesPerSecond: inMegabytes(bytesPerSecond), maxMegabytes: inMegabytes(maxBytes) }
}

/** The fields as the API takes them; those left empty are left out. */
export function placeOf(driver: Driver, address: FieldValues, secrets: FieldValues): PlaceDraft {
  const form = driverForm(driver)
  return { driver, address: sent(form.address, address), secrets: sent(form.secrets, secrets) }
}

export function limitsOf(driver: Driver, { concurrency, megabytesPerSecond, maxMegabytes }: LimitValues): AccountLimits {
  const inBytes = (text: string): number | null => (text.trim() === '' ? null : Math.round(Number(text) * megabyte))
  const standard = standardLimits(driver)
  return { concurrency: Number(concurrency) || standard.concurrency, bytesPerSecond: inBytes(megabytesPerSecond), maxBytes: inBytes(maxMegabytes) }
}

/** Whether an address was changed in the form. Secrets that were entered are a change as well. */
export function placeChanged(account: AccountView, address: FieldValues, secrets: FieldValues): boolean {
  const before = placeOf(account.driver, addressValues(account.driver, account.address), {})
  return JSON.stringify(placeOf(account.driver, address, secrets)) !== JSON.stringify(before)
}

function shown({ kind }: AccountField, value: unknown): string | boolean {
  if (kind === 'switch') return value === true
  if (kind === 'headers' || kind === 'secretHeaders')
    return Object.entries((value ?? {}) as Record<string, string>)
      .map(([name, text]) => `${name}: ${text}`)
      .join('\n')
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function sent(fields: readonly AccountField[], values: FieldValues): Record<string, unknown> {
  const filled = fields.filter(({ name }) => typeof values[name] === 'boolean' || (values[name] ?? '').trim() !== '')
  return Object.fromEntries(filled.map((field) => [field.name, sentValue(field, values[field.name] ?? '')]))
}

function sentValue({ kind }: AccountField, value: string | boolean): unknown {
  if (typeof value === 'boolean') return value
  if (kind === 'headers' || kind === 'secretHeaders') return headersOf(value)
  // A password may begin with a space; a key has to end with a line feed.
  if (kind === 'longSecret') return `${value.trim()}\n`
  if (kind === 'port') return Number(value)
  return kind === 'secret' ? value : value.trim()
}

/** Lines of "Name: value". A line without ":" is a name without a value, which the server refuses by name. */
function headersOf(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.includes(':') ? line.indexOf(':') : line.length
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )
}
