import type Router from '@koa/router'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import type { StoredFile } from '../../database/entities.ts'
import type { ImportReader } from '../../sessions/import-reader.ts'
import type { ImportStarter } from '../../sessions/import-starter.ts'
import type { Uploads } from '../../sessions/uploads/uploads.ts'
import type { HashThread } from '../../storage/hash-thread.ts'
import type { Storage } from '../../storage/storage.ts'
import type { TargetRecords } from '../../targets/target-records.ts'
import { importKinds } from '../../../shared/schemas/requests.ts'
import type { ImportKind, StartAnswer } from '../../../shared/protocol/views.ts'
import type { Context, State } from '../context.ts'
import { loginOf } from '../middleware/access.ts'
import type { Access } from '../middleware/access.ts'
import { parse } from '../middleware/parse.ts'
import type { RateLimits } from '../middleware/rate-limits.ts'
import { filesOf, receiveFiles } from '../uploads/receive-files.ts'
import type { ReceivedFile } from '../uploads/upload-engine.ts'
import { inOrder, uploadedFiles } from '../uploads/uploaded-files.ts'
import type { UploadReceiver } from '../uploads/upload-receiver.ts'
import type { WatchCookies } from '../watch-cookies.ts'

/** What the HTTP room must know of a kind of import: how its options are checked, and which files it can take. */
export type KindIntake = {
  parseOptions(options: unknown): Record<string, unknown>
  /** Throws `unsupported_file` for a file that this kind can't take, judged by its first bytes. */
  checkFile(file: { name: string; head: Uint8Array }): void
  needsTarget: boolean
}

type Parts = {
  starter: ImportStarter
  reader: ImportReader
  targets: TargetRecords
  storage: Storage
  hashing: HashThread
  uploads: Uploads
  receiver: UploadReceiver
  importers: Partial<Record<ImportKind, { intake: KindIntake }>>
  access: Access
  rateLimits: RateLimits
  cookies: WatchCookies
  maxUploadBytes: number
}

const jsonText = z
  .string()
  .optional()
  .transform((text, context): unknown => {
    try {
      return text ? JSON.parse(text) : {}
    } catch {
      context.addIssue({ code: 'custom', message: 'is not valid JSON' })
      return z.NEVER
    }
  })

const uploadIds = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((ids) => (ids === undefined ? [] : [ids].flat()))
  .refine((ids) => new Set(ids).size === ids.length, 'names an upload twice')
const form = z.object({ kind: z.enum(importKinds), target: z.string().min(1).max(100).optional(), options: jsonText, upload: uploadIds })
const headers = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\w.:-]{1,200}$/, 'it has 1 to 200 letters, digits and signs of ". : _ -"')
    .optional(),
})

/** POST /imports: upload and start in one request, or start with what was uploaded before. A login is asked for before the body is read. */
export function startImportRoute(router: Router<State>, parts: Parts): void {
  const receive = receiveFiles({ ...parts, maxBytes: parts.maxUploadBytes })
  router.post('/api/imports', parts.access.login, parts.rateLimits.start, receive, async (ctx) => {
    const files = filesOf(ctx)
    let kept = false
    try {
      const answer = await start(parts, ctx, files)
      kept = answer.outcome === 'started'
      parts.cookies.set(ctx, answer.import.id, answer.watch.token)
      ctx.status = kept ? 201 : 200
      ctx.body = answer
    } finally {
      if (!kept) await Promise.all(files.map((file) => parts.storage.remove(file.key)))
    }
  })
}

async function start(parts: Parts, ctx: Context, received: ReceivedFile[]): Promise<StartAnswer> {
  const { kind, target, options, upload } = parse(form, { ...(ctx.request as { body?: object }).body })
  const intake = parts.importers[kind]?.intake
  if (!intake) throw new AppError('invalid_input', `This version of Intake has no import of kind “${kind}”.`)
  const { userId, loginId } = loginOf(ctx)
  if (received.length + upload.length === 0) throw new AppError('invalid_input', 'Send at least one file, in a form field called “file”.')
  const files = inOrder(received, await uploadedFiles(parts, userId, upload))
  for (const file of files) intake.checkFile(file)
  if (intake.needsTarget && !target) throw new AppError('invalid_input', 'Say which database it goes to, in a form field called “target”.')
  const targetId = intake.needsTarget && target ? (await parts.targets.get(target)).id : null
  const { outcome, importId, watch } = await parts.starter.start({
    kind,
    targetId,
    options: intake.parseOptions(options),
    files: files.map(({ name, key, size, sha256, relativePath }): StoredFile => ({ name, key, size, sha256, ...(relativePath && { relativePath }) })),
    uploads: upload,
    user: { id: userId, loginId },
    requestId: ctx.state.requestId,
    receivedAt: ctx.state.receivedAt,
    idempotencyKey: parse(headers, { 'Idempotency-Key': ctx.get('Idempotency-Key') || undefined })['Idempotency-Key'],
  })
  if (outcome === 'joined') await parts.uploads.release(upload)
  return { outcome, import: await parts.reader.get(importId), watch }
}
