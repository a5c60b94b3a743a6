import { paths } from '../../shared/protocol/paths.ts'
import type { ImportKind, StartAnswer } from '../../shared/protocol/views.ts'
import { pathOf } from '../files/dropped-files.ts'
import { filesByThemselves } from '../upload/files-by-themselves.ts'
import { inTurns } from '../upload/in-turns.ts'
import { UploadMemory } from '../upload/upload-memory.ts'
import { ProgressSum } from '../upload/upload-progress.ts'
import type { UploadProgress } from '../upload/upload-progress.ts'
import { ApiError, errorOf } from './request.ts'
import { uploadFile } from './uploads.ts'

/** `target` is empty for a kind that goes to no database. */
export type StartForm = { kind: ImportKind; target: string; options: Record<string, unknown>; files: readonly File[] }

export type Upload = {
  idempotencyKey: string
  /** Ids of files that were uploaded for a start that came to nothing yet. Kept for the next try. */
  uploaded: Map<File, string>
  /** `jumped`: the server has a part from before. */
  onProgress?: (progress: UploadProgress, jumped: boolean) => void
  signal?: AbortSignal
}

type FormSending = { idempotencyKey: string; signal: AbortSignal | undefined; onProgress: (share: number) => void }

const largeAtOnce = 2

/**
 * Uploads the files and starts the run: large files by themselves, so that they go on after a cut or a reload, the others with the form. Throws ApiError; what
 * was uploaded by then is not sent again.
 */
export async function startImport(form: StartForm, { idempotencyKey, uploaded, onProgress, signal }: Upload): Promise<StartAnswer> {
  const memory = new UploadMemory(localStorage)
  const progress = new ProgressSum(form.files, (sum, jumped) => onProgress?.(sum, jumped))
  const large = filesByThemselves(form.files)
  for (const file of large) if (uploaded.has(file)) progress.set(file, file.size, true)
  const missing = large.filter((file) => !uploaded.has(file))
  await inTurns(missing, largeAtOnce, signal, async (file, stop) => {
    const onSent = (sent: number, resumedAt: number): void => progress.set(file, sent, sent - resumedAt < 1024 * 1024)
    uploaded.set(file, await uploadFile(file, { memory, signal: stop, onProgress: onSent }))
    progress.set(file, file.size)
  })
  const small = form.files.filter((file) => !uploaded.has(file))
  try {
    const answer = await sendForm(bodyOf(form, uploaded), { idempotencyKey, signal, onProgress: (share) => progress.setForm(small, share) })
    for (const file of large) memory.forget(file)
    return answer
  } catch (thrown) {
    // An upload that is gone, or that a run has, is no use to the next try.
    const unusable = thrown instanceof ApiError ? thrown.details['upload'] : undefined
    for (const [file, uploadId] of uploaded) {
      if (uploadId !== unusable) continue
      uploaded.delete(file)
      memory.forget(file)
    }
    throw thrown
  }
}

/** XMLHttpRequest, because `fetch` tells nothing about the progress of what it sends. */
async function sendForm(body: FormData, { idempotencyKey, signal, onProgress }: FormSending): Promise<StartAnswer> {
  return await new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    const stop = (): void => xhr.abort()
    const fail = (error: ApiError): void => {
      signal?.removeEventListener('abort', stop)
      reject(error)
    }
    xhr.open('POST', paths.imports)
    xhr.setRequestHeader('Idempotency-Key', idempotencyKey)
    xhr.setRequestHeader('Accept', 'application/json')
    xhr.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 1))
    xhr.addEventListener('error', () => fail(new ApiError('network', 'The connection was lost before the server answered.', { status: 0 })))
    xhr.addEventListener('abort', () => fail(new ApiError('cancelled', 'The upload was stopped.', { status: 0 })))
    xhr.addEventListener('load', () => {
      signal?.removeEventListener('abort', stop)
      const answer = xhr.status < 300 ? parseAnswer(xhr.responseText) : null
      if (answer) resolve(answer)
      else reject(errorOf(xhr.status, xhr.responseText, xhr.getResponseHeader('x-request-id')))
    })
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) fail(new ApiError('cancelled', 'The upload was stopped.', { status: 0 }))
    else xhr.send(body)
  })
}

// Fields come before files: the server reads the body as a stream and must know what the files are for. Files keep their order, whichever way they go.
function bodyOf({ kind, target, options, files }: StartForm, uploaded: ReadonlyMap<File, string>): FormData {
  const body = new FormData()
  body.set('kind', kind)
  if (target !== '') body.set('target', target)
  body.set('options', JSON.stringify(options))
  for (const file of files) {
    const uploadId = uploaded.get(file)
    if (uploadId === undefined) body.append('file', file, pathOf(file))
    else body.append('upload', uploadId)
  }
  return body
}

function parseAnswer(text: string): StartAnswer | null {
  try {
    return JSON.parse(text) as StartAnswer
  } catch {
    return null
  }
}
