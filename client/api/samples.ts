import { paths } from '../../shared/protocol/paths.ts'
import type { ImportKind } from '../../shared/protocol/views.ts'
import { request, send } from './request.ts'

export type SampleView = { id: string; kind: ImportKind; name: string; description: string; size: number }

export async function listSamples(): Promise<SampleView[]> {
  return (await request<{ items: SampleView[] }>(paths.samples)).items
}

/** The sample as a file, ready to be uploaded like one of the user's own. */
export async function getSample(sample: SampleView): Promise<File> {
  const response = await send(`${paths.samples}/${encodeURIComponent(sample.id)}`)
  return new File([await response.blob()], sample.name)
}
