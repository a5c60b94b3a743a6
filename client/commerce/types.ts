import type { ImportView } from '../../shared/protocol/views.ts'
import type { CommerceType } from '../../shared/schemas/commerce-options.ts'

// Written out, because the schema would bring its parser into the page; `satisfies` tells when there is a type more.
const icons = {
  catalog: 'i-lucide-package',
  prices: 'i-lucide-tag',
  stocks: 'i-lucide-warehouse',
  customers: 'i-lucide-contact',
} satisfies Record<CommerceType, string>

/** What can be taken over from 1C, in the order in which a run does it. */
export const commerceTypes = Object.keys(icons) as CommerceType[]

export function commerceTypeIcon(type: CommerceType): string {
  return icons[type]
}

/** The types of an import from 1C as they were chosen, the primary one first; none of a run of another kind. */
export function typesOf({ kind, types }: Pick<ImportView, 'kind' | 'types'>): CommerceType[] {
  return kind === 'commerce' ? (types ?? []).flatMap((name) => commerceTypes.find((type) => type === name) ?? []) : []
}
