import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { listImports } from '../api/imports.ts'
import { getSample, listSamples } from '../api/samples.ts'
import type { SampleView } from '../api/samples.ts'
import { useSession } from './session.ts'

/** Small files of ours for a first try; offered while nothing was imported yet. */
export const useSamples = defineStore('samples', () => {
  const { guard } = useSession()
  const offered = shallowRef<SampleView[]>([])

  /** Offers the samples if the history is empty. Without them nothing is missing: errors offer none. */
  async function load(): Promise<void> {
    try {
      const history = await listImports({ limit: 1 }, { background: true })
      offered.value = history.total === 0 ? await listSamples() : []
    } catch {
      offered.value = []
    }
  }

  async function fetchFile(sample: SampleView): Promise<File> {
    return await guard(getSample(sample))
  }

  return { offered, load, fetchFile }
})
