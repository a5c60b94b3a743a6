import type { AccountPlace } from '../../shared/schemas/account.ts'
import { AppError } from '../errors.ts'
import { fileWorkHere } from '../storage/file-work.ts'
import type { FileWork } from '../storage/file-work.ts'
import type { Destination } from './destination.ts'
import { deliveryFolder } from './directory/places.ts'
import type { DeliveryPlaces } from './directory/places.ts'
import type { HostRules } from '../config/hosts.ts'
import { destinationHosts } from './destination-hosts.ts'

/** What the operator allows: plain data, so that a run's thread opens destinations by it. */
export type DestinationRules = DeliveryPlaces & { hosts: string[] }

/**
 * Opens the destination of an account with its driver, which is loaded at its first use. Nothing is connected yet. `fileWork`: who copies and reads back
 * what lies on this machine. Throws `invalid_input` for a place that is not allowed.
 */
export async function openDestination(place: AccountPlace, rules: DestinationRules, fileWork: FileWork = fileWorkHere): Promise<Destination> {
  const hosts = destinationHosts(rules.hosts)
  switch (place.driver) {
    case 'directory':
      return await openDirectory(place.address.folder, rules, fileWork)
    case 's3': {
      checkStore(place.address.endpoint, hosts)
      const { openS3 } = await import('./s3/open-s3.ts')
      return openS3(place, hosts.lookup)
    }
    case 'sftp': {
      const { SftpDestination } = await import('./sftp/sftp-destination.ts')
      const { folder, readBack, host, port, user, hostKey } = place.address
      return new SftpDestination({ server: { host, port, user, hostKey, secrets: place.secrets }, folder, readBack }, hosts)
    }
    case 'webdav':
    case 'http':
      return await openWeb(place, hosts)
  }
}

async function openDirectory(folder: string, rules: DestinationRules, fileWork: FileWork): Promise<Destination> {
  const root = deliveryFolder(folder, rules)
  const place = [rules.deliveriesDir, ...rules.destinationDirs].find((dir) => root === dir || root.startsWith(`${dir.replace(/[\\/]$/, '')}/`))
  const { DirectoryDestination } = await import('./directory/directory-destination.ts')
  return new DirectoryDestination(root, place ?? root, fileWork)
}

function checkStore(endpoint: string | undefined, hosts: HostRules): void {
  if (endpoint === undefined) return
  const { protocol, hostname } = new URL(endpoint)
  hosts.check(hostname)
  if (protocol === 'http:' && !hosts.isListed(hostname))
    throw new AppError('invalid_input', 'The endpoint begins with https://. Hosts of one’s own network, listed in DESTINATION_HOSTS, may do without.')
}

async function openWeb(place: Extract<AccountPlace, { driver: 'webdav' | 'http' }>, hosts: HostRules): Promise<Destination> {
  const { WebLink, webAddress } = await import('./web/web-link.ts')
  const root = webAddress(place.address.url, hosts)
  if (place.driver === 'webdav') {
    const { WebdavDestination } = await import('./webdav/webdav-destination.ts')
    const { user, readBack } = place.address
    return new WebdavDestination(new WebLink(hosts), { root, user, password: place.secrets.password, readBack })
  }
  const { HttpDestination } = await import('./http/http-destination.ts')
  const { method, headers } = place.address
  return new HttpDestination(new WebLink(hosts), {
    root,
    method,
    headers: { ...headers, ...place.secrets.headers },
    signingKey: place.secrets.signingKey,
  })
}
