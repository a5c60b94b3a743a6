import { computed, onScopeDispose, ref, watch } from 'vue'
import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { LogLevel, StoredEvent } from '../../shared/protocol/views.ts'
import type { LogSource } from '../log/log-source.ts'
import type { WatchedLog } from '../stores/watched-log.ts'
import { useFormat } from './use-format.ts'

/** Typing is over after so long. */
const settleMs = 250

/** The log as it is looked at: all of it, or the lines that match a filter. `stream`: of one account alone, all when empty. */
export function useLog(log: WatchedLog, stream: Readonly<Ref<string>>) {
  const { t } = useI18n()
  const { number } = useFormat()
  const text = ref('')
  const levels = ref<LogLevel[]>([])
  const loading = ref(false)
  const error = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined

  const filtered = computed(() => text.value.trim() !== '' || levels.value.length > 0 || stream.value !== '')
  const source = computed<LogSource>(() => {
    void log.version.value
    const search = log.search.value
    if (!search) return { count: log.lines.last, line: (index) => log.lines.line(index + 1) }
    // One more line than is known stands for the next page: to see it is to ask for it.
    return { count: search.lines.length + (search.complete || search.lines.length === 0 ? 0 : 1), line: (index) => search.lines[index] }
  })
  const summary = computed(() => {
    void log.version.value
    const search = log.search.value
    if (!search) return t('log.lines', { n: number(log.lines.last) }, log.lines.last)
    return t(search.complete ? 'log.matches' : 'log.matchesSoFar', { n: number(search.lines.length) }, search.lines.length)
  })

  async function attempt(read: () => Promise<void>): Promise<void> {
    loading.value = true
    error.value = await read().then(
      () => '',
      () => t('log.loadFailed'),
    )
    loading.value = false
  }

  function find(): void {
    const filter = filtered.value ? { text: text.value.trim(), levels: levels.value, stream: stream.value } : null
    void attempt(async () => await log.find(filter))
  }

  watch(stream, find, { immediate: stream.value !== '' })
  watch([text, levels], () => {
    clearTimeout(timer)
    timer = setTimeout(find, filtered.value ? settleMs : 0)
  })
  onScopeDispose(() => clearTimeout(timer))

  const need = (from: number, to: number): void => void attempt(async () => await (log.search.value ? log.findMore() : log.need(from + 1, to)))
  const copyText = (): string => (log.search.value?.lines ?? log.lines.newest()).map(lineText).join('\n')

  return { text, levels, loading, error, filtered, source, summary, need, copyText }
}

function lineText(event: StoredEvent): string {
  const what = event.status ? `status: ${event.status}. ${event.message ?? ''}` : (event.message ?? '')
  return [event.seq, event.at, (event.level ?? 'info').toUpperCase(), event.stream ?? '', what].join('\t')
}
