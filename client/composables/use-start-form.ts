import { computed, ref } from 'vue'
import type { Ref } from 'vue'
import { templateProblem } from '../bulk/copy-name.ts'
import { pathOf } from '../files/dropped-files.ts'
import type { ImportKind } from '../../shared/protocol/views.ts'
import type { StartForm } from '../api/start-import.ts'

type Restore = { mode: 'all_or_nothing' | 'keep_going'; createTables: 'default' | 'yes' | 'no'; dryRun: boolean }
type Commerce = { types: readonly string[]; guard: boolean; compare: boolean }
type Bulk = { accounts: readonly string[]; nameTemplate: string; mark: boolean }

/** Of one bulk upload. */
const mostFiles = 10_000

/** What is filled in to start an import, and what is still missing. Each kind has files of its own: those of another are no use to it. */
export function useStartForm(restore: Ref<Restore>, commerce: Ref<Commerce>, bulk: Ref<Bulk>) {
  const kind = ref<ImportKind>('restore')
  const target = ref('')
  const filesOf = ref<Partial<Record<ImportKind, File[]>>>({}) as Ref<Partial<Record<ImportKind, File[]>>>
  const files = computed(() => filesOf.value[kind.value] ?? [])

  const options = computed(() => {
    if (kind.value === 'bulk') return { ...bulk.value }
    return kind.value === 'commerce' ? commerceOptions(commerce.value) : restoreOptions(restore.value)
  })
  const form = computed<StartForm>(() => ({
    kind: kind.value,
    target: kind.value === 'bulk' ? '' : target.value,
    options: options.value,
    files: files.value,
  }))
  const missing = computed(() => {
    if (kind.value === 'bulk') return missingOfBulk(bulk.value, files.value.length)
    if (target.value === '') return 'missingTarget'
    if (files.value.length === 0) return 'missingFiles'
    return kind.value === 'commerce' && commerce.value.types.length === 0 ? 'missingTypes' : null
  })

  function setFiles(next: File[]): void {
    filesOf.value = { ...filesOf.value, [kind.value]: next }
  }

  /** Adds files; one that is there already stays once. */
  function addFiles(added: readonly File[]): void {
    const known = new Set(files.value.map(identity))
    setFiles([...files.value, ...added.filter((file) => !known.has(identity(file)))])
  }

  function removeFile(index: number): void {
    setFiles(files.value.filter((_file, at) => at !== index))
  }

  return { kind, target, files, form, missing, addFiles, removeFile, clearFiles: () => setFiles([]) }
}

function identity(file: File): string {
  return `${pathOf(file)}\u0000${file.size}\u0000${file.lastModified}`
}

function missingOfBulk({ accounts, nameTemplate }: Bulk, files: number) {
  if (files === 0) return 'missingFiles'
  if (files > mostFiles) return 'tooManyFiles'
  if (accounts.length === 0) return 'missingAccounts'
  return templateProblem(nameTemplate) ? 'missingTemplate' : null
}

// A choice that is left to the server is not sent.
function commerceOptions({ types, guard, compare }: Commerce): Record<string, unknown> {
  return { types, guard, ...(compare && { compare: 'always' }) }
}

function restoreOptions({ mode, createTables, dryRun }: Restore): Record<string, unknown> {
  return { mode, ...(createTables !== 'default' && { createTables: createTables === 'yes' }), ...(dryRun && { dryRun }) }
}
