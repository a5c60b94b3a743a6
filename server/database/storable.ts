/**
 * Text that every database keeps as it is: PostgreSQL has no U+0000 in its texts, the ORM's statements break at it, and halves of surrogate pairs have no
 * place in UTF-8. Both become U+FFFD.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD')
}

/** A value as it comes back from a JSON column or text, with storable texts. Whole numbers beyond 2^53 become text. */
export function storableJson<T>(value: T): T {
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'string') return storableText(part)
    return typeof part === 'bigint' ? String(part) : part
  })
  return (text === undefined ? null : JSON.parse(text)) as T
}

/** Whether all texts in a value, keys included, can be stored as they are. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return storableText(value) === value
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, part]) => isStorable(key) && isStorable(part))
}
