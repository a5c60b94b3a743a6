import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { listImports } from '../api/imports.ts'
import { getSample, listSamples } from '../api/samples.ts'
import type { SampleView } from '../api/samples.ts'
import { useSession } from './session.ts'

/** Small files of ours for a first try; offered while nothing of their kind was imported yet. */
export const useSamples = defineStore('samples', () => {
  const { guard } = useSession()
  const offered = shallowRef<SampleView[]>([])

  /** Offers the samples of kinds that were never run. Without them nothing is missing: errors offer none. */
  async function load(): Promise<void> {
    try {
      const samples = await listSamples()
      const kinds = [...new Set(samples.map(({ kind }) => kind))]
      const runs = await Promise.all(kinds.map(async (kind) => (await listImports({ kind: [kind], limit: 1 }, { background: true })).total))
      offered.value = samples.filter(({ kind }) => runs[kinds.indexOf(kind)] === 0)
    } catch {
      offered.value = []
    }
  }

  async function fetchFile(sample: SampleView): Promise<File> {
    return await guard(getSample(sample))
  }

  return { offered, load, fetchFile }
})
