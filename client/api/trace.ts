import { paths } from '../../shared/protocol/paths.ts'
import type { TraceAnswer } from '../../shared/protocol/views.ts'
import { request } from './request.ts'

/** Asks whose copy a file is. */
export async function traceCopy(file: File): Promise<TraceAnswer> {
  const form = new FormData()
  form.set('file', file, file.name)
  return await request<TraceAnswer>(paths.trace, { method: 'POST', form })
}
