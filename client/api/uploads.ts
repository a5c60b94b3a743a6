import { paths, uploadTokenHeader } from '../../shared/protocol/paths.ts'
import type { WatchGrant } from '../../shared/protocol/views.ts'
import { sendLargeFile } from '../upload/send-large-file.ts'
import type { UploadMemory } from '../upload/upload-memory.ts'
import { ApiError, errorOf, request, send } from './request.ts'

type Begun = { uploadId: string; token: string }

type Sending = {
  memory: UploadMemory
  /** Bytes that the server has or that are on their way; `resumedAt`: what it had before. */
  onProgress: (sent: number, resumedAt: number) => void
  signal: AbortSignal | undefined
}

/**
 * Uploads a file so that it may be interrupted; answers the upload's id. The upload is begun, or found again, with the login; its token goes on with it when
 * the login ends meanwhile. Throws ApiError.
 */
export async function uploadFile(file: File, { memory, onProgress, signal }: Sending): Promise<string> {
  for (;;) {
    const known = await goOn(memory.find(file))
    const { uploadId, token } = known ?? (await begin(file, signal))
    memory.keep(file, uploadId)
    const outcome = await sendLargeFile(file, { url: paths.upload(uploadId), headers: { [uploadTokenHeader]: token }, onProgress, signal })
    if (outcome.type === 'sent') return uploadId
    if (outcome.type === 'stopped') throw stopped()
    if (!isGone(outcome.status) || !known) throw failure(outcome)
    // A run has taken it, or nobody went on with it for too long: it begins anew.
    memory.forget(file)
  }
}

function stopped(): ApiError {
  return new ApiError('cancelled', 'The upload was stopped.', { status: 0 })
}

function failure({ status, text, requestId }: { status: number; text: string; requestId: string | null }): ApiError {
  if (status === 0) return new ApiError('network', 'The server did not answer.', { status: 0 })
  // A HEAD is answered without a word.
  return text === '' && status === 401 ? new ApiError('unauthenticated', 'The login has expired.', { status }) : errorOf(status, text, requestId)
}

/** A token for an upload that was begun before; null when it is not there any more. */
async function goOn(uploadId: string | undefined): Promise<Begun | null> {
  if (uploadId === undefined) return null
  try {
    const { token } = await request<WatchGrant>(paths.uploadToken(uploadId), { method: 'POST' })
    return { uploadId, token }
  } catch (thrown) {
    if (thrown instanceof ApiError && isGone(thrown.status)) return null
    throw thrown
  }
}

async function begin(file: File, signal: AbortSignal | undefined): Promise<Begun> {
  const metadata = { filename: file.name, ...(file.webkitRelativePath && { relativePath: file.webkitRelativePath }) }
  const headers = {
    'Tus-Resumable': '1.0.0',
    'Upload-Length': String(file.size),
    'Upload-Metadata': Object.entries(metadata)
      .map(([name, value]) => `${name} ${base64Of(value)}`)
      .join(','),
  }
  if (signal?.aborted) throw stopped()
  const { headers: answer } = await send(paths.uploads, { method: 'POST', headers })
  const uploadId = decodeURIComponent(answer.get('Location')?.split('/').at(-1) ?? '')
  return { uploadId, token: answer.get(uploadTokenHeader) ?? '' }
}

function base64Of(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''))
}

function isGone(status: number): boolean {
  return status === 404 || status === 410
}
