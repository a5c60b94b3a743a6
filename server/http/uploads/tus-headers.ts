import { z } from 'zod'
import type { Upload } from '../../database/entities.ts'
import { AppError } from '../../errors.ts'
import type { Context, Handler } from '../context.ts'
import { parse } from '../middleware/parse.ts'
import { placeOf } from './file-names.ts'

export const tusVersion = '1.0.0'

/** What every answer to an upload bears, and every request must say (tus 1.0.0, "Tus-Resumable"). */
export const speakTus: Handler = async (ctx, next) => {
  ctx.set('Tus-Resumable', tusVersion)
  ctx.set('Cache-Control', 'no-store')
  // "If the version specified by the Client is not supported by the Server, it MUST respond with the 412 Precondition Failed status and MUST include the
  // Tus-Version header into the response."
  if (ctx.get('Tus-Resumable') !== tusVersion) {
    ctx.set('Tus-Version', tusVersion)
    throw new AppError('bad_request', `Uploads are spoken to by tus ${tusVersion}: send Tus-Resumable: ${tusVersion}.`, { status: 412 })
  }
  await next()
}

const wholeNumber = /^(0|[1-9]\d{0,15})$/

/** A header that is a number of bytes. Throws `bad_request` when it is missing or is none. */
export function bytesHeader(ctx: Context, name: 'Upload-Length' | 'Upload-Offset'): number {
  const text = ctx.get(name)
  if (!wholeNumber.test(text) || !Number.isSafeInteger(Number(text))) throw new AppError('bad_request', `${name} must be a number of bytes.`)
  return Number(text)
}

const metadataSchema = z.object({
  filename: z.string().max(4096).default('file'),
  relativePath: z.string().max(4096).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .optional(),
})

type UploadMetadata = { name: string; relativePath: string | null; expectedSha256: string | null }

/** What `Upload-Metadata` says of the file. Keys that are not ours are let be. Throws `bad_request`, `invalid_input`. */
export function metadataOf(ctx: Context): UploadMetadata {
  const { filename, relativePath, sha256 } = parse(metadataSchema, Object.fromEntries(pairsOf(ctx.get('Upload-Metadata'))))
  const { name, relativePath: folders } = placeOf(filename)
  return { name, relativePath: relativePath ? placeOf(relativePath).relativePath : folders, expectedSha256: sha256?.toLowerCase() ?? null }
}

// "The Upload-Metadata request and response header MUST consist of one or more comma-separated key-value pairs. The key and value MUST be separated by a
// space. … the value MUST be Base64 encoded. All keys MUST be unique. The value MAY be empty."
function* pairsOf(header: string): Generator<[string, string]> {
  const known = new Set<string>()
  for (const pair of header === '' ? [] : header.split(',')) {
    const [key = '', value = '', ...more] = pair.trim().split(' ')
    if (key === '' || known.has(key) || more.length > 0 || !/^[\w+/-]*=*$/.test(value))
      throw new AppError('bad_request', 'Upload-Metadata must be pairs of a key and a value in Base64, with commas between, each key once.')
    known.add(key)
    // Own keys of ours alone: “__proto__” is nothing but text here, and of no use.
    if (Object.hasOwn(metadataSchema.shape, key)) yield [key, new TextDecoder().decode(Buffer.from(value, 'base64'))]
  }
}

/** `Upload-Metadata` as an answer to HEAD bears it. */
export function metadataText({ name, relativePath, expectedSha256 }: Pick<Upload, 'name' | 'relativePath' | 'expectedSha256'>): string {
  const pairs = { filename: name, relativePath, sha256: expectedSha256 }
  return Object.entries(pairs)
    .flatMap(([key, value]) => (value ? [`${key} ${Buffer.from(value).toString('base64')}`] : []))
    .join(',')
}
