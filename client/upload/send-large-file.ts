import { Upload } from 'tus-js-client'
import type { DetailedError } from 'tus-js-client'

/** What came of it. `status` 0: no answer came. */
export type SendOutcome = { type: 'sent' } | { type: 'stopped' } | { type: 'failed'; status: number; text: string; requestId: string | null }

export type SendParts = {
  /** Of an upload that was begun. */
  url: string
  headers: Record<string, string>
  /** Bytes that the server has or that are on their way. `resumedAt`: what it had before. */
  onProgress: (sent: number, resumedAt: number) => void
  signal: AbortSignal | undefined
}

/** While nobody answers, it is asked again for about half an hour. */
const retryDelays = [0, 500, 1000, 2000, 4000, ...Array.from({ length: 200 }, () => 8000)]

/** Sends what the server has not got yet of a file, by tus: after a cut, a restart of the server, or a page that was left, it goes on there. */
export async function sendLargeFile(file: File, { url, headers, onProgress, signal }: SendParts): Promise<SendOutcome> {
  const outcome = Promise.withResolvers<SendOutcome>()
  let resumedAt = 0
  const upload = new Upload(file, {
    // Without an endpoint nothing is begun anew because an answer was an error.
    uploadUrl: url,
    headers,
    retryDelays,
    storeFingerprintForResuming: false,
    // By what came back, not by what the browser thinks of the network.
    onShouldRetry: ({ originalResponse }) => mayPass(originalResponse?.getStatus() ?? 0),
    onAfterResponse: (request, response) => {
      if (request.getMethod() === 'HEAD') resumedAt = Number(response.getHeader('Upload-Offset') ?? 0)
    },
    onProgress: (sent) => onProgress(sent, resumedAt),
    onSuccess: () => outcome.resolve({ type: 'sent' }),
    onError: (error) => outcome.resolve(failureOf(error)),
  })
  const stop = (): void => {
    void upload.abort()
    outcome.resolve({ type: 'stopped' })
  }
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted) stop()
  else upload.start()
  try {
    return await outcome.promise
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function mayPass(status: number): boolean {
  return status < 400 || status >= 500 || [409, 423, 429].includes(status)
}

function failureOf(error: Error | DetailedError): SendOutcome {
  const answer = 'originalResponse' in error ? error.originalResponse : null
  return {
    type: 'failed',
    status: answer?.getStatus() ?? 0,
    text: answer?.getBody() ?? '',
    requestId: answer?.getHeader('X-Request-Id') ?? null,
  }
}
