import { expect, it } from 'vitest'
import { folderFailure } from '../../../server/destinations/failures.ts'

const failed = (code: string) => folderFailure(Object.assign(new Error(code), { code }), 'The folder')

it.each(['EBUSY', 'EMFILE', 'EAGAIN', 'EHOSTUNREACH', 'ESTALE'])('a folder that fails with %s is tried again', (code) => {
  expect(failed(code)).toMatchObject({ code: 'destination_unreachable', retryable: true })
})

it.each(['EACCES', 'EROFS', 'ENAMETOOLONG'])('a folder that fails with %s is not tried again', (code) => {
  expect(failed(code)).toMatchObject({ code: 'destination_refused', retryable: false })
})
