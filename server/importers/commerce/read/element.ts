/** An element of a record with everything in it. Names are local: the namespaces of real files do not agree with their versions. */
export type XmlElement = {
  name: string
  /** Attributes by local name; null when there is none. */
  attributes: Map<string, string> | null
  /** Its own text, without the blanks between its children. */
  text: string
  children: XmlElement[]
}

/** The first child of that name. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  for (const one of element.children) if (one.name === name) return one
  return undefined
}

/** The children of that name. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((one) => one.name === name)
}

/** The children `item` of the first child `list`; undefined when there is no such child. */
export function listed(element: XmlElement, list: string, item: string): XmlElement[] | undefined {
  const found = child(element, list)
  return found && childrenOf(found, item)
}

/** What a child says: undefined when it is not there (not stated), null when it is empty (cleared). */
export function stated(element: XmlElement, name: string): string | null | undefined {
  const found = child(element, name)
  return found && filled(found.text)
}

/** The text of a child without blanks around it, or null. */
export function textOf(element: XmlElement, name: string): string | null {
  return stated(element, name) ?? null
}

export function attribute(element: XmlElement, name: string): string | null {
  const value = element.attributes?.get(name)
  return value === undefined ? null : filled(value)
}

// What 1C writes for "nothing" in places that must hold a reference or a date.
const noReference = '00000000-0000-0000-0000-000000000000'
const noDate = '0001-01-01T00:00:00'

/** A text without blanks around it (no-break ones included); null when nothing is left or it stands for nothing. */
export function filled(text: string): string | null {
  const trimmed = text.trim()
  return trimmed === '' || trimmed === noReference || trimmed === noDate ? null : trimmed
}
