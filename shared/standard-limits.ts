import type { AccountLimits, AccountView } from './protocol/views.ts'

/** Deliveries at the same time: a folder and a store for many take as many as come; a server that people share has other things to do. */
const atOnce: Record<AccountView['driver'], number> = { directory: 16, s3: 16, sftp: 4, webdav: 4, http: 4 }

/** What an account may be burdened with unless somebody says otherwise. */
export const standardLimits = (driver: AccountView['driver']): AccountLimits => ({
  concurrency: atOnce[driver],
  bytesPerSecond: null,
  maxBytes: null,
})
