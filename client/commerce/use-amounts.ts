import { useI18n } from 'vue-i18n'
import type { CatalogPrice, CatalogStock } from '../../shared/protocol/catalog-views.ts'

/** Prices and quantities as people read them. They are decimal text and stay exact. */
export function useAmounts() {
  const { locale, t } = useI18n()

  const decimal = (text: string): string =>
    new Intl.NumberFormat(locale.value, { maximumFractionDigits: 15, numberingSystem: 'latn' }).format(text as Intl.StringNumericLiteral)

  const priceText = ({ amount, currency }: CatalogPrice): string =>
    amount === null ? '—' : [decimal(amount), currency].filter(Boolean).join('\u00a0')

  const fromText = ({ minQuantity }: CatalogPrice): string => (minQuantity === '0' ? '' : t('catalog.from', { quantity: decimal(minQuantity) }))

  const stockText = ({ quantity }: CatalogStock): string => (quantity === null ? '—' : decimal(quantity))

  return { priceText, fromText, stockText, quantityText: decimal }
}
