import { describeBinary, packedFormatOf, utf16Of } from './magic.ts'
import type { PackedFormat } from './magic.ts'
import { describeText } from './describe-text.ts'

export type FixtureFormat = 'json' | 'jsonl'
export type Sniffed = { ok: true; format: FixtureFormat | PackedFormat } | { ok: false; what: string }

/** What a restore takes, in words for messages. */
export const takenFiles = 'Restore takes Django fixtures (dumpdata as JSON or JSON Lines), plain or packed as .gz, .bz2, .xz, .lzma, .zst or .zip'

/** How many bytes of a file are enough for `sniffRestoreFile`. */
export const sniffBytes = 4096

/**
 * Says by its first bytes whether restore can take a file. The name is looked at only to word a refusal: content decides.
 * `what` is a phrase with its article (`a PNG picture`) that fits after "is". A packed file is taken without a look inside: that comes when it is read.
 */
export function sniffRestoreFile(head: Uint8Array, name: string): Sniffed {
  if (head.length === 0) return { ok: false, what: 'an empty file' }
  const packed = packedFormatOf(head)
  if (packed !== null) return { ok: true, format: packed }
  const text = textOf(head)
  const start = text.trimStart()
  if (start === '' && head.length >= sniffBytes) return { ok: true, format: 'json' }
  if (start === '') return { ok: false, what: 'a file of nothing but blanks' }
  if (start[0] === '[' && !start.slice(0, 16).includes('\0')) return { ok: true, format: 'json' }
  if (start[0] === '{' && !start.slice(0, 16).includes('\0')) return { ok: true, format: 'jsonl' }
  return { ok: false, what: describeBinary(head) ?? describeText(start, name) }
}

function textOf(head: Uint8Array): string {
  const bytes = head.subarray(0, sniffBytes)
  const utf16 = utf16Of(bytes)
  // TextDecoder drops a byte order mark itself. Broken bytes do not matter for a description.
  return new TextDecoder(utf16 ?? 'utf-8').decode(bytes)
}
