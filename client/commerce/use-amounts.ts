import { useI18n } from 'vue-i18n'
import type { CatalogPrice, CatalogStock } from '../../shared/protocol/catalog-views.ts'

/** Prices and quantities as people read them. They are decimal text and stay exact. */
export function useAmounts() {
  const { locale, t } = useI18n()

  const format = (text: string, digits: Intl.NumberFormatOptions): string =>
    new Intl.NumberFormat(locale.value, { maximumFractionDigits: 15, numberingSystem: 'latn', ...digits }).format(text as Intl.StringNumericLiteral)
  const decimal = (text: string): string => format(text, {})
  /** 420 and 344.40: with the hundredths where it is not whole. */
  const amountOf = (text: string): string => format(text, { minimumFractionDigits: 2, trailingZeroDisplay: 'stripIfInteger' })

  const priceText = ({ amount, currency }: CatalogPrice): string =>
    amount === null ? '—' : [amountOf(amount), currency].filter(Boolean).join('\u00a0')

  const fromText = ({ minQuantity }: CatalogPrice): string => (minQuantity === '0' ? '' : t('catalog.from', { quantity: decimal(minQuantity) }))

  const stockText = ({ quantity }: CatalogStock): string => (quantity === null ? '—' : decimal(quantity))

  return { priceText, fromText, stockText, quantityText: decimal }
}
