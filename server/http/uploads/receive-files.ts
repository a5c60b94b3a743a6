import multer from '@koa/multer'
import { MulterError } from 'multer'
import { AppError } from '../../errors.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Context, Handler } from '../context.ts'
import { receivedOf, tooLarge, UploadEngine } from './upload-engine.ts'
import type { ReceivedFile } from './upload-engine.ts'

const maxFiles = 1000

/** Takes a multipart form: fields into `ctx.request.body`, files to the storage. Nothing is kept when the form does not arrive whole. */
export function receiveFiles(storage: Storage, maxBytes: number): Handler {
  const form = multer({
    storage: new UploadEngine(storage, maxBytes),
    // Without it Cyrillic and Arabic file names arrive broken.
    defParamCharset: 'utf8',
    limits: {
      fileSize: maxBytes,
      files: maxFiles,
      fields: 20,
      fieldSize: 64 * 1024,
      fieldNameSize: 100,
      parts: maxFiles + 20,
      headerPairs: 100,
      fieldNestingDepth: 0,
      fieldArrayIndexLimit: 0,
    },
    // The pieces in which a file flows: measured, the default of 64 KiB costs a quarter of the rate.
    fileHwm: 1024 * 1024,
    highWaterMark: 1024 * 1024,
  } as Parameters<typeof multer>[0])
  const take = form.array('file', maxFiles) as unknown as Handler
  return async (ctx, next) => {
    if (!ctx.is('multipart/form-data')) throw new AppError('bad_request', 'Send a multipart/form-data form with the files in fields called “file”.')
    const announced = Number(ctx.get('Content-Length'))
    if (announced > maxBytes + 1024 * 1024) throw tooLarge(maxBytes)
    try {
      await take(ctx, async () => undefined)
    } catch (thrown) {
      throw translate(thrown, maxBytes)
    }
    await next()
  }
}

/** The files that `receiveFiles` kept for this request. */
export function filesOf(ctx: Context): ReceivedFile[] {
  const files = (ctx as unknown as { files?: Express.Multer.File[] }).files ?? []
  return files.flatMap((file) => receivedOf(file) ?? [])
}

function translate(thrown: unknown, maxBytes: number): AppError {
  if (thrown instanceof AppError) return thrown
  if (thrown instanceof MulterError) {
    if (thrown.code === 'LIMIT_FILE_SIZE') return tooLarge(maxBytes)
    return new AppError('bad_request', `The form was refused: ${thrown.message}.`, { cause: thrown })
  }
  return new AppError('upload_truncated', 'The upload did not arrive whole. Nothing was kept; send it again.', { cause: thrown })
}
