// As the server does it, which has the last word; here it is shown before anything is sent.

export const standardTemplate = '{name}-{account}-{short id}{ext}'
export const templateFields = ['name', 'account', 'short id', 'ext'] as const

/** Why a template makes no names, or null when it does. */
export type TemplateProblem = 'unknown' | 'noShortId' | 'twice' | 'long' | 'folder'

const longestTemplate = 100
/** In front: into the folders that the file was sent in. */
const folderField = '{folder}/'
const nameOf = (template: string): string => (template.startsWith(folderField) ? template.slice(folderField.length) : template)
const field = /\{([^}]*)\}/g

export function templateProblem(whole: string): TemplateProblem | null {
  const template = nameOf(whole)
  const used = [...template.matchAll(field)].map(([, name = '']) => name)
  if (used.some((name) => !templateFields.includes(name as (typeof templateFields)[number]))) return 'unknown'
  if (!used.includes('short id')) return 'noShortId'
  if (new Set(used).size < used.length) return 'twice'
  if (new TextEncoder().encode(template).length > longestTemplate) return 'long'
  return /[/\\]/.test(template) ? 'folder' : null
}

/** Where a copy will go; its short id is known only when the run has begun. `sent`: the path that its file is sent with. */
export function previewName(template: string, { sent, account, shortId }: { sent: string; account: string; shortId: string }): string {
  const parts = sent.split('/').filter(Boolean)
  const plain = printable(parts.at(-1) ?? '')
  const ext = /^(.+?)((?:\.tar)?\.[A-Za-z0-9]{1,10})$/.exec(plain)?.[2] ?? ''
  const values: Record<string, string> = { name: plain.slice(0, plain.length - ext.length), account: printable(account), 'short id': shortId, ext }
  const folders = template.startsWith(folderField) ? parts.slice(0, -1).map(printable) : []
  const name = nameOf(template).replaceAll(field, (whole, named: string) => values[named] ?? whole)
  return [...folders, name].map((part) => part.replace(/^\.+/, '_')).join('/')
}

function printable(text: string): string {
  const safe = text.normalize('NFC').replaceAll(/[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]/gu, '_')
  return safe.trim().replace(/[. ]+$/, '') || '_'
}
