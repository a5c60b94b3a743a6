import { describe } from 'vitest'
import { hasNginx } from '../support/destinations/nginx-dav.ts'
import { hasSshd } from '../support/destinations/sshd.ts'
import { createDirectorySubject, createHttpSubject, createS3Subject, createSftpSubject, createWebdavSubject } from './destination-subjects.ts'
import { describeDestination } from './destination.contract.ts'

const remote = { hasLogin: true, breaks: true }
const careful = { verifies: 'content', hidesUnfinished: true, keepsOthers: true } as const
const endpoint = { resumable: false, hidesUnfinished: false, keepsOthers: false } as const

describeDestination({
  hasLogin: false,
  breaks: false,
  name: 'in a folder',
  capabilities: { ...careful, resumable: false },
  create: createDirectorySubject,
})
describeDestination({ ...remote, name: 'in an S3 store', capabilities: { ...careful, resumable: true }, create: createS3Subject })
describeDestination({
  ...remote,
  name: 'at an HTTP endpoint, by PUT',
  capabilities: { ...endpoint, verifies: 'content' },
  create: async () => await createHttpSubject('PUT'),
})
describeDestination({
  ...remote,
  name: 'at an HTTP endpoint, by POST',
  capabilities: { ...endpoint, verifies: 'nothing' },
  create: async () => await createHttpSubject('POST'),
})

// Where OpenSSH's server is not installed these are named as skipped.
describe.skipIf(!hasSshd)('by SFTP', () => {
  describeDestination({ ...remote, name: 'behind OpenSSH', capabilities: { ...careful, resumable: true }, create: createSftpSubject })
})
// Where nginx is not installed these are named as skipped.
describe.skipIf(!hasNginx)('by WebDAV', () => {
  describeDestination({ ...remote, name: 'behind nginx', capabilities: { ...careful, resumable: false }, create: createWebdavSubject })
})
