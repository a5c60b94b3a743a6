import { createReadStream } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import { paths, uploadTokenHeader } from '../../shared/protocol/paths.ts'
import type { Api } from './api.ts'
import type { SentFile } from './files-to-send.ts'

/** A larger file is sent by itself, so that it goes on after a cut. */
export const largeFrom = 64 * 1024 * 1024

const resumable = { 'Tus-Resumable': '1.0.0' }
/** Between tries; given up after the last one in which nothing went. */
const waitsMs = [100, 500, 1000, 2000, 4000, 8000, 8000, 8000]

/**
 * Uploads a file by tus (https://tus.io/protocols/resumable-upload); answers the upload's id. After a cut, or a restart of the server, it goes on where the
 * server has it, by the upload's own token. Throws what the server refuses, or `unavailable` when it does not come back.
 */
export async function sendLargeFile(api: Api, file: SentFile, signal: AbortSignal): Promise<string> {
  const metadata = `filename ${Buffer.from(file.path).toString('base64')}`
  const begun = await api.open('POST', paths.uploads, { headers: { ...resumable, 'Upload-Length': String(file.size), 'Upload-Metadata': metadata } })
  const uploadId = decodeURIComponent(begun.headers.get('Location')?.split('/').at(-1) ?? '')
  const headers = { ...resumable, [uploadTokenHeader]: begun.headers.get(uploadTokenHeader) ?? '' }
  let at = 0
  for (let tries = 0; ;) {
    const before = at
    const failure = await attempt(async () => {
      at = await offsetOf(api, uploadId, headers)
      if (at < file.size) await sendRest(api, uploadId, headers, file, at)
    })
    if (failure === null) return uploadId
    tries = at > before ? 0 : tries + 1
    const wait = waitsMs[tries]
    if (wait === undefined || signal.aborted || !mayPass(failure)) throw failure
    await delay(wait, undefined, { signal })
  }
}

async function attempt(work: () => Promise<void>): Promise<AppError | null> {
  try {
    await work()
    return null
  } catch (failure) {
    if (failure instanceof AppError) return failure
    throw failure
  }
}

function mayPass({ status }: AppError): boolean {
  return status >= 500 || [409, 423, 429].includes(status)
}

async function offsetOf(api: Api, uploadId: string, headers: Record<string, string>): Promise<number> {
  const { headers: answer } = await api.open('HEAD', paths.upload(uploadId), { headers })
  return Number(answer.get('Upload-Offset'))
}

async function sendRest(api: Api, uploadId: string, headers: Record<string, string>, { file, size }: SentFile, at: number): Promise<void> {
  const chunks = createReadStream(file, { start: at, end: size - 1, highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>
  const body = { headers: { 'Content-Type': 'application/offset+octet-stream', 'Content-Length': String(size - at) }, chunks }
  await api.open('PATCH', paths.upload(uploadId), { headers: { ...headers, 'Upload-Offset': String(at) }, body })
}
