import { computed, ref } from 'vue'
import type { Ref } from 'vue'
import type { ImportKind } from '../../shared/protocol/views.ts'
import type { StartForm } from '../api/start-import.ts'

type Choices = { mode: 'all_or_nothing' | 'keep_going'; createTables: 'default' | 'yes' | 'no'; dryRun: boolean }

/** What is filled in to start an import, and what is still missing. */
export function useStartForm(choices: Ref<Choices>) {
  const kind = ref<ImportKind>('restore')
  const target = ref('')
  const files = ref<File[]>([]) as Ref<File[]>

  const form = computed<StartForm>(() => ({ kind: kind.value, target: target.value, options: optionsOf(choices.value), files: files.value }))
  const missing = computed(() => (target.value === '' ? 'missingTarget' : files.value.length === 0 ? 'missingFiles' : null))

  /** Adds files; one that is there already stays once. */
  function addFiles(added: readonly File[]): void {
    const known = new Set(files.value.map(identity))
    files.value = [...files.value, ...added.filter((file) => !known.has(identity(file)))]
  }

  function removeFile(index: number): void {
    files.value = files.value.filter((_file, at) => at !== index)
  }

  return { kind, target, files, form, missing, addFiles, removeFile }
}

function identity(file: File): string {
  return `${file.name}\u0000${file.size}\u0000${file.lastModified}`
}

// A choice that is left to the server is not sent.
function optionsOf({ mode, createTables, dryRun }: Choices): Record<string, unknown> {
  return { mode, ...(createTables !== 'default' && { createTables: createTables === 'yes' }), ...(dryRun && { dryRun }) }
}
