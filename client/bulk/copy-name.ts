// As the server does it, which has the last word; here it is shown before anything is sent.

export const standardTemplate = '{name}-{account}-{short id}{ext}'
export const templateFields = ['name', 'account', 'short id', 'ext'] as const

/** Why a template makes no names, or null when it does. */
export type TemplateProblem = 'unknown' | 'noShortId' | 'twice' | 'long' | 'folder'

const longestTemplate = 100
const field = /\{([^}]*)\}/g

export function templateProblem(template: string): TemplateProblem | null {
  const used = [...template.matchAll(field)].map(([, name = '']) => name)
  if (used.some((name) => !templateFields.includes(name as (typeof templateFields)[number]))) return 'unknown'
  if (!used.includes('short id')) return 'noShortId'
  if (new Set(used).size < used.length) return 'twice'
  if (new TextEncoder().encode(template).length > longestTemplate) return 'long'
  return /[/\\]/.test(template) ? 'folder' : null
}

/** What a copy will be called; its short id is known only when the run has begun. */
export function previewName(template: string, { name, account, shortId }: { name: string; account: string; shortId: string }): string {
  const plain = printable(name)
  const ext = /^(.+?)((?:\.tar)?\.[A-Za-z0-9]{1,10})$/.exec(plain)?.[2] ?? ''
  const values: Record<string, string> = { name: plain.slice(0, plain.length - ext.length), account: printable(account), 'short id': shortId, ext }
  return template.replaceAll(field, (whole, name: string) => values[name] ?? whole).replace(/^\.+/, '_')
}

function printable(text: string): string {
  const safe = text.normalize('NFC').replaceAll(/[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]/gu, '_')
  return safe.trim().replace(/[. ]+$/, '') || '_'
}
