import { createHash } from 'node:crypto'
import { AppError } from '../../../errors.ts'

export const standardTemplate = '{name}-{account}-{short id}{ext}'

const fields = ['name', 'account', 'short id', 'ext'] as const
type Field = (typeof fields)[number]
/** In front of a template: the folders that the file lay in when it was sent, if it did, are made at the destination too. */
const folderField = '{folder}/'

/** Ends of lines and other signs of control, and halves of signs: no destination takes them. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u

/** Longest part of a path that every file system takes, and what others may take of it, in bytes. */
const longestName = 255
const longestAccount = 80
const longestTemplate = 100

/** Throws `invalid_input` for a template that makes no name of its own for each copy, or leads into another folder. */
export function checkTemplate(whole: string): void {
  const template = nameOf(whole)
  const unknown = [...template.matchAll(/\{([^}]*)\}/g)].map(([, field = '']) => field).find((field) => !fields.includes(field as Field))
  if (unknown !== undefined)
    throw new AppError('invalid_input', `nameTemplate: there is no {${unknown}}. There is {${fields.join('}, {')}}, and {folder}/ in front.`)
  if (!template.includes('{short id}'))
    throw new AppError('invalid_input', 'nameTemplate: {short id} has to be in it: copies of the same name would meet.')
  const once = fields.every((field) => template.split(`{${field}}`).length <= 2)
  if (!once || Buffer.byteLength(template) > longestTemplate)
    throw new AppError('invalid_input', `nameTemplate: it has each field once at most, and ${longestTemplate} bytes.`)
  if (/[/\\]/.test(template))
    throw new AppError('invalid_input', 'nameTemplate: it is the name of a file, without folders but for {folder}/ in front.')
  if (unprintable.test(template)) throw new AppError('invalid_input', 'nameTemplate: it has an end of a line or another sign that no name can have.')
}

function nameOf(template: string): string {
  return template.startsWith(folderField) ? template.slice(folderField.length) : template
}

/** Ten letters and digits, known from the run, the file's place in it and the account: the same after a crash. */
export function shortIdOf(importId: string, file: number, accountId: string): string {
  return BigInt(`0x${createHash('sha256').update(`${importId}\n${file}\n${accountId}`).digest('hex')}`)
    .toString(36)
    .slice(0, 10)
}

type Named = { /** The path that the file was sent with: folders, if any, and its name. */ sent: string; account: string; shortId: string }

/** Where an account's own copy goes: a name, behind the folders of the file where the template asks for them. Every file system takes each part. */
export function copyName(template: string, { sent, account, shortId }: Named): string {
  const parts = sent.replaceAll('\\', '/').split('/')
  const name = nameOfCopy(nameOf(template), { name: parts.at(-1) ?? '', account, shortId })
  const folders = template.startsWith(folderField) ? parts.slice(0, -1).filter((part) => !['', '.', '..'].includes(part)) : []
  return [...folders.map(nameOfFolder), name].join('/')
}

function nameOfFolder(folder: string): string {
  return atMost(printable(folder), longestName).replace(/^\.+/, '_') || '_'
}

/** Too long names lose the end of `{name}`, signs with a meaning become "_". */
function nameOfCopy(template: string, { name, account, shortId }: Omit<Named, 'sent'> & { name: string }): string {
  const plain = printable(name)
  const ext = /^(.+?)((?:\.tar)?\.[A-Za-z0-9]{1,10})$/.exec(plain)?.[2] ?? ''
  const stem = plain.slice(0, plain.length - ext.length)
  const filled = (shown: string): string => {
    const values: Record<Field, string> = { name: shown, account: atMost(printable(account), longestAccount), 'short id': shortId, ext }
    return template.replaceAll(/\{([^}]*)\}/g, (_whole, field: Field) => values[field])
  }
  const room = longestName - Buffer.byteLength(filled(''))
  return filled(atMost(stem, room)).replace(/^\.+/, '_')
}

/** So many bytes of a text, without a sign of which only a part has room. */
function atMost(text: string, bytes: number): string {
  let kept = ''
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (Buffer.byteLength(kept) + Buffer.byteLength(segment) > bytes) break
    kept += segment
  }
  return kept
}

/** Without signs that file systems or shells give a meaning, and without invisible ones. */
function printable(text: string): string {
  const safe = text
    .toWellFormed()
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]/gu, '_')
  return safe.trim().replace(/[. ]+$/, '') || '_'
}
