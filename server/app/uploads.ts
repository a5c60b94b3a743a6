import type { Config } from '../config/config.ts'
import { UploadReceiver } from '../http/uploads/upload-receiver.ts'
import { UploadHolds } from '../sessions/uploads/upload-holds.ts'
import { Uploads } from '../sessions/uploads/uploads.ts'
import type { Engine } from './engine.ts'
import type { Stores } from './stores.ts'

export type Receiving = ReturnType<typeof createUploads>

/** What receives uploads that can be interrupted. */
export function createUploads(config: Config, { database, storage, hashing }: Stores, { locks }: Engine) {
  const uploads = new Uploads(database, config.uploads)
  const holds = new UploadHolds(uploads, locks)
  const receiver = new UploadReceiver({ storage, hashing, uploads, holds })
  return {
    uploads,
    holds,
    receiver,
    /** Removes what nobody went on with, or started. */
    sweep: async () => {
      await uploads.forgetTaken()
      for (const id of await uploads.expired()) await receiver.remove(id)
    },
  }
}
