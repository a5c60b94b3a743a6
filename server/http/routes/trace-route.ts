import type Router from '@koa/router'
import type { Database } from '../../database/database.ts'
import { AppError } from '../../errors.ts'
import { traceCopy } from '../../sessions/deliveries/trace-copy.ts'
import type { HashThread } from '../../storage/hash-thread.ts'
import type { Storage } from '../../storage/storage.ts'
import type { State } from '../context.ts'
import type { Access } from '../middleware/access.ts'
import type { RateLimits } from '../middleware/rate-limits.ts'
import { filesOf, receiveFiles } from '../uploads/receive-files.ts'

type Parts = { database: Database; storage: Storage; hashing: HashThread; access: Access; rateLimits: RateLimits; maxUploadBytes: number }

/** POST /trace: whose copy is the file that is sent? It is kept for no longer than the look at it takes. */
export function traceRoute(router: Router<State>, parts: Parts): void {
  const { database, storage, access, rateLimits, maxUploadBytes } = parts
  router.post('/api/trace', access.login, rateLimits.start, receiveFiles({ ...parts, maxBytes: maxUploadBytes }), async (ctx) => {
    const files = filesOf(ctx)
    try {
      const [file, ...more] = files
      if (!file || more.length > 0) throw new AppError('invalid_input', 'Send one file, in a form field called “file”.')
      ctx.body = await traceCopy(database, { name: file.name, sha256: file.sha256, bytes: () => storage.read(file.key) })
    } finally {
      await Promise.all(files.map((file) => storage.remove(file.key)))
    }
  })
}
