import multer from '@koa/multer'
import { MulterError } from 'multer'
import { AppError } from '../../errors.ts'
import type { Context, Handler } from '../context.ts'
import { tooLarge } from './reception.ts'
import { receivedOf, UploadEngine } from './upload-engine.ts'
import type { ReceivedFile, UploadParts } from './upload-engine.ts'

/** Files of one start: those in the form, and those that were uploaded before, which it names. */
const maxFiles = 10_000
const maxFields = 20
/** What a form holds besides its files, and what of them has not been counted yet. */
const maxOverhead = 32 * 1024 * 1024

/** Takes a multipart form: fields into `ctx.request.body`, files to the storage. Nothing is kept when the form does not arrive whole. */
export function receiveFiles(parts: UploadParts): Handler {
  const { maxBytes } = parts
  const engine = new UploadEngine(parts)
  const form = multer({
    storage: engine,
    // Without it Cyrillic and Arabic file names arrive broken.
    defParamCharset: 'utf8',
    // A file of a folder is called by its path in it.
    preservePath: true,
    limits: {
      fileSize: maxBytes,
      files: maxFiles,
      fields: maxFiles + maxFields,
      fieldSize: 64 * 1024,
      fieldNameSize: 100,
      parts: maxFiles + maxFields,
      headerPairs: 100,
      fieldNestingDepth: 0,
      fieldArrayIndexLimit: 0,
    },
  } as Parameters<typeof multer>[0])
  const take = form.array('file', maxFiles) as unknown as Handler
  return async (ctx, next) => {
    if (!ctx.is('multipart/form-data')) throw new AppError('bad_request', 'Send a multipart/form-data form with the files in fields called “file”.')
    const announced = Number(ctx.get('Content-Length'))
    if (announced > maxBytes + 1024 * 1024) throw tooLarge(maxBytes)
    const reception = engine.receptionOf(ctx.req)
    // Fields are kept in memory: a login lets nobody fill it with ten thousand large ones.
    ctx.req.on('data', (piece: Buffer) => reception.pass(piece.length, maxOverhead))
    try {
      // Multer reports a failure at the end of the request: one that goes on and on is not waited for.
      await Promise.race([take(ctx, async () => undefined), reception.refused])
      requireFewFields(ctx)
    } catch (thrown) {
      await reception.abandon()
      throw translate(thrown, maxBytes)
    }
    await next()
  }
}

function requireFewFields(ctx: Context): void {
  const names = Object.keys((ctx.request as { body?: object }).body ?? {})
  if (names.length > maxFields) throw new AppError('bad_request', `The form has more than ${maxFields} different fields.`)
}

/** The files that `receiveFiles` kept for this request. */
export function filesOf(ctx: Context): ReceivedFile[] {
  const files = (ctx as unknown as { files?: Express.Multer.File[] }).files ?? []
  return files.flatMap((file) => receivedOf(file) ?? [])
}

function translate(thrown: unknown, maxBytes: number): unknown {
  if (thrown instanceof AppError) return thrown
  if (thrown instanceof MulterError) {
    if (thrown.code === 'LIMIT_FILE_SIZE') return tooLarge(maxBytes)
    const unexpected = thrown.code === 'LIMIT_UNEXPECTED_FILE' && thrown.field !== 'file'
    const reason = unexpected ? `a file is in the field “${thrown.field}”. Files go in fields called “file”` : thrown.message
    return new AppError('bad_request', `The form was refused: ${reason}.`, { cause: thrown })
  }
  // The server's own disk, not the client, is what failed.
  if (thrown instanceof Error && 'path' in thrown) return thrown
  return new AppError('upload_truncated', 'The upload did not arrive whole. Nothing was kept; send it again.', { cause: thrown })
}
