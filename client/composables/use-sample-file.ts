import { ref } from 'vue'
import { useSamples } from '../stores/samples.ts'
import { useErrorText } from './use-error-text.ts'

type Sample = Parameters<ReturnType<typeof useSamples>['fetchFile']>[0]

/** Fetches a sample and hands it on as if the person had chosen it. */
export function useSampleFile(onFile: (files: File[]) => void) {
  const samples = useSamples()
  const { errorText } = useErrorText()
  const loading = ref<string | null>(null)
  const error = ref('')

  async function fetchSample(sample: Sample): Promise<void> {
    if (loading.value !== null) return
    loading.value = sample.id
    error.value = ''
    try {
      onFile([await samples.fetchFile(sample)])
    } catch (thrown) {
      error.value = errorText(thrown)
    } finally {
      loading.value = null
    }
  }

  return { loading, error, fetchSample }
}
