import { paths } from '../../shared/protocol/paths.ts'
import type { ImportKind, StartAnswer } from '../../shared/protocol/views.ts'
import { ApiError, errorOf } from './request.ts'

/** `target` is empty for a kind that goes to no database. */
export type StartForm = { kind: ImportKind; target: string; options: Record<string, unknown>; files: readonly File[] }

export type Upload = {
  idempotencyKey: string
  /** Bytes on their way and their sum, form fields included. */
  onProgress?: (sent: number, total: number) => void
  signal?: AbortSignal
}

/** Uploads the files and starts the run. XMLHttpRequest, because `fetch` tells nothing about the progress of what it sends. Throws ApiError. */
export async function startImport(form: StartForm, { idempotencyKey, onProgress, signal }: Upload): Promise<StartAnswer> {
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
    xhr.upload.addEventListener('progress', (event) => onProgress?.(event.loaded, event.total))
    xhr.addEventListener('error', () => fail(new ApiError('network', 'The connection was lost before the server answered.', { status: 0 })))
    xhr.addEventListener('abort', () => fail(new ApiError('cancelled', 'The upload was stopped.', { status: 0 })))
    xhr.addEventListener('load', () => {
      signal?.removeEventListener('abort', stop)
      const answer = xhr.status < 300 ? parseAnswer(xhr.responseText) : null
      if (answer) resolve(answer)
      else reject(errorOf(xhr.status, xhr.responseText, xhr.getResponseHeader('x-request-id')))
    })
    signal?.addEventListener('abort', stop, { once: true })
    xhr.send(bodyOf(form))
  })
}

// Fields come before files: the server reads the body as a stream and must know what the files are for.
function bodyOf({ kind, target, options, files }: StartForm): FormData {
  const body = new FormData()
  body.set('kind', kind)
  if (target !== '') body.set('target', target)
  body.set('options', JSON.stringify(options))
  for (const file of files) body.append('file', file, file.name)
  return body
}

function parseAnswer(text: string): StartAnswer | null {
  try {
    return JSON.parse(text) as StartAnswer
  } catch {
    return null
  }
}
