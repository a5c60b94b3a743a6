import type { StorageAddress } from '../config/config.ts'
import { DiskStorage } from './disk-storage.ts'
import type { Storage } from './storage.ts'

/** Opens the storage at an address. A store on the network is not asked for anything yet: `ping` does. */
export async function openStorage(address: StorageAddress): Promise<Storage> {
  if (address.type === 'disk') return await DiskStorage.open(address.root)
  const { S3Storage } = await import('./s3-storage.ts')
  return new S3Storage(address)
}
