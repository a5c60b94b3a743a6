import { accountPlace } from '../../shared/schemas/account.ts'
import type { AccountChange, AccountPlace } from '../../shared/schemas/account.ts'
import { AppError } from '../errors.ts'

/** A place as its schema says it. Throws `invalid_input` that names what is wrong, never its value. */
export function parsePlace(place: unknown): AccountPlace {
  const parsed = accountPlace.safeParse(place)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AppError('invalid_input', `${issue?.path.join('.') ?? 'account'}: ${issue?.message ?? 'not valid'}`)
}

/** Where a changed account leads to. Secrets that were stored go on to the server and user alone that they were given for. */
export function changedPlace(place: AccountPlace, { address, secrets }: Pick<AccountChange, 'address' | 'secrets'>): AccountPlace {
  const wanted = { driver: place.driver, address: address ?? place.address, secrets: secrets ?? place.secrets }
  if (address === undefined) return parsePlace(wanted)
  // Parsed first with secrets that any schema takes: only what it makes of the address can be compared.
  const moved = parsePlace({ ...wanted, secrets: secrets ?? place.secrets })
  const same = serverOf(moved) === serverOf(place)
  if (same) return keepHostKey(moved, place)
  return secrets === undefined ? parsePlace({ ...wanted, secrets: {} }) : moved
}

/** The key that a server showed stays known while the server is the same. */
function keepHostKey(moved: AccountPlace, former: AccountPlace): AccountPlace {
  if (moved.driver !== 'sftp' || former.driver !== 'sftp' || moved.address.hostKey !== undefined) return moved
  return { ...moved, address: { ...moved.address, hostKey: former.address.hostKey } }
}

/** Who gets the secrets. */
function serverOf(place: AccountPlace): string {
  switch (place.driver) {
    case 'directory':
      return ''
    case 's3':
      return `${place.address.endpoint ?? ''} ${place.address.region}`
    case 'sftp':
      return `${place.address.user}@${place.address.host.toLowerCase()}:${place.address.port}`
    case 'webdav':
      return `${place.address.user}@${new URL(place.address.url).origin}`
    case 'http':
      return new URL(place.address.url).origin
  }
}
