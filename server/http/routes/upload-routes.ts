import { Readable } from 'node:stream'
import type Router from '@koa/router'
import { AppError } from '../../errors.ts'
import type { Upload } from '../../database/entities.ts'
import type { UploadGrant, Uploads } from '../../sessions/uploads/uploads.ts'
import { paths, uploadTokenHeader } from '../../../shared/protocol/paths.ts'
import type { Context, Handler, State } from '../context.ts'
import { loginOf } from '../middleware/access.ts'
import type { Access } from '../middleware/access.ts'
import type { RateLimits } from '../middleware/rate-limits.ts'
import { tooLarge } from '../uploads/reception.ts'
import { bytesHeader, metadataOf, metadataText, speakTus, tusVersion } from '../uploads/tus-headers.ts'
import type { UploadReceiver } from '../uploads/upload-receiver.ts'

type Parts = { uploads: Uploads; receiver: UploadReceiver; access: Access; rateLimits: RateLimits; maxUploadBytes: number }
type OfUpload = (ctx: Context) => Promise<Upload>

/**
 * Uploads that can be interrupted: tus 1.0.0 with creation, expiration and termination (https://tus.io/protocols/resumable-upload). An upload is begun with a
 * login; its token goes on with it when the login has ended.
 */
export function uploadRoutes(router: Router<State>, parts: Parts): void {
  const { uploads, access, rateLimits, maxUploadBytes } = parts
  const ofUpload: OfUpload = async (ctx) => {
    const { id, userId } = await uploaderOf(ctx, parts)
    return await uploads.get(id, userId)
  }

  router.options([paths.uploads, `${paths.uploads}/:id`], (ctx) => {
    ctx.set({ 'Tus-Resumable': tusVersion, 'Tus-Version': tusVersion, 'Tus-Extension': 'creation,expiration,termination' })
    ctx.set('Tus-Max-Size', String(maxUploadBytes))
    ctx.status = 204
  })
  router.post(paths.uploads, speakTus, access.login, rateLimits.upload, create(parts))
  router.post(`${paths.uploads}/:id/token`, access.login, async (ctx) => {
    const grant = await uploads.renew(String(ctx.params['id']), loginOf(ctx).userId)
    ctx.status = 201
    ctx.body = grant
  })
  router.head(`${paths.uploads}/:id`, speakTus, head(parts, ofUpload))
  router.patch(`${paths.uploads}/:id`, speakTus, patch(parts, ofUpload))
  router.delete(`${paths.uploads}/:id`, speakTus, async (ctx) => {
    await parts.receiver.remove((await ofUpload(ctx)).id)
    ctx.status = 204
  })
}

function create({ uploads, receiver, maxUploadBytes }: Parts): Handler {
  return async (ctx) => {
    const size = bytesHeader(ctx, 'Upload-Length')
    // "If the length of the upload exceeds the maximum, … the Server MUST respond with the 413 Request Entity Too Large status."
    if (size > maxUploadBytes) throw tooLarge(maxUploadBytes)
    const { upload, grant } = await uploads.create({ userId: loginOf(ctx).userId, size, ...metadataOf(ctx) })
    // No PATCH follows for a file without bytes.
    if (size === 0) await receiver.receive(upload.id, Readable.from([]), 0)
    ctx.set('Location', paths.upload(upload.id))
    grantTo(ctx, grant)
    expires(ctx, upload)
    ctx.status = 201
  }
}

function head({ receiver }: Parts, ofUpload: OfUpload): Handler {
  return async (ctx) => {
    const upload = untaken(await ofUpload(ctx))
    const known = upload.received === upload.size ? upload : await receiver.received(upload.id)
    ctx.set({ 'Upload-Offset': String(known.received), 'Upload-Length': String(known.size), 'Upload-Metadata': metadataText(known) })
    expires(ctx, known)
    ctx.status = 200
  }
}

function patch({ receiver, uploads }: Parts, ofUpload: OfUpload): Handler {
  return async (ctx) => {
    const { id, size, userId } = untaken(await ofUpload(ctx))
    // "All PATCH requests MUST use Content-Type: application/offset+octet-stream, otherwise the server SHOULD return a 415 Unsupported Media Type status."
    if (ctx.get('Content-Type') !== 'application/offset+octet-stream')
      throw new AppError('bad_request', 'The content type must be application/offset+octet-stream.', { status: 415 })
    const offset = bytesHeader(ctx, 'Upload-Offset')
    if (offset + Number(ctx.get('Content-Length') || 0) > size) throw new AppError('upload_too_large', 'More than was announced. Nothing was kept.')
    const received = await receiver.receive(id, ctx.req, offset)
    ctx.set('Upload-Offset', String(received))
    if (received < size) expires(ctx, await uploads.get(id, userId))
    ctx.status = 204
  }
}

/** A file that is sent once more is for a run of its own: its client begins anew. */
function untaken(upload: Upload): Upload {
  if (upload.importId) throw new AppError('upload_gone', 'A run has taken this upload. Send the file again for another one.')
  return upload
}

/** Whoever may go on with the upload in the address: the bearer of its token, which decides alone where it is named, or its user. */
async function uploaderOf(ctx: Context, { uploads, access }: Parts): Promise<{ id: string; userId: string }> {
  const id = String((ctx['params'] as Record<string, unknown>)['id'])
  const token = ctx.get(uploadTokenHeader)
  if (token === '') {
    await access.login(ctx, async () => undefined)
    return { id, userId: loginOf(ctx).userId }
  }
  const bearer = await uploads.find(token)
  if (!bearer) throw new AppError('unauthenticated', 'This upload token is not valid any more. Log in, and ask for another one.')
  // The same answer as for an id that does not exist: a token says nothing about other uploads.
  if (bearer.id !== id) throw new AppError('not_found', 'There is no such upload.')
  return bearer
}

function grantTo(ctx: Context, { token, expiresAt }: UploadGrant): void {
  ctx.set({ [uploadTokenHeader]: token, [`${uploadTokenHeader}-Expires`]: expiresAt })
}

/** "The Upload-Expires response header indicates the time after which the unfinished upload expires." */
function expires(ctx: Context, { expiresAt }: Upload): void {
  ctx.set('Upload-Expires', new Date(expiresAt).toUTCString())
}
