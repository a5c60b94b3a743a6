import { createI18n } from 'vue-i18n'
import en from './locales/en.json'

export const locales = ['en', 'ru', 'ar'] as const
export type LocaleCode = (typeof locales)[number]

type Messages = typeof en

/** In this order stand the forms of a plural text in every locale, those that the language has. */
const categories = ['zero', 'one', 'two', 'few', 'many', 'other'] as const

/** Which of the forms of a text, `|` between them, goes with a number: by the rules of the language. */
export function pluralRule(locale: LocaleCode): (count: number, forms: number) => number {
  const rules = new Intl.PluralRules(locale)
  const known = categories.filter((category) => rules.resolvedOptions().pluralCategories.includes(category))
  return (count, forms) => Math.min(known.indexOf(rules.select(Math.abs(count))), forms - 1)
}

export function createMessages(locale: LocaleCode) {
  return createI18n<[Messages], LocaleCode, false>({
    // oxlint-disable-next-line typescript/no-deprecated -- left out, this version takes it for true
    legacy: false,
    locale,
    fallbackLocale: 'en',
    messages: { en } as Record<LocaleCode, Messages>,
    pluralRules: Object.fromEntries(locales.map((code) => [code, pluralRule(code)])),
  })
}

/** The texts of a locale; English ones are in the page from the start. */
export async function loadMessages(locale: LocaleCode): Promise<Messages> {
  if (locale === 'ru') return (await import('./locales/ru.json')).default
  if (locale === 'ar') return (await import('./locales/ar.json')).default
  return en
}
