import type { LookupFunction } from 'node:net'
import type { AccountPlace } from '../../../shared/schemas/account.ts'
import { openBucket } from '../../storage/s3-bucket.ts'
import type { Destination } from '../destination.ts'
import { S3Destination } from './s3-destination.ts'

type Place = Extract<AccountPlace, { driver: 's3' }>

export function openS3({ address, secrets }: Place, lookup: LookupFunction): Destination {
  const { endpoint, region, bucket, prefix, readBack } = address
  const opened = openBucket({ type: 's3', endpoint, region, bucket, prefix, ...secrets, forcePathStyle: endpoint !== undefined }, lookup)
  return new S3Destination(opened, readBack)
}
