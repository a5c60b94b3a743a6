import { describe, expect, it } from 'vitest'
import { pluralRule } from '../../client/i18n.ts'
import ar from '../../client/locales/ar.json'
import en from '../../client/locales/en.json'
import ru from '../../client/locales/ru.json'

type Texts = { [key: string]: string | Texts }

/** Each text by its path. */
function flat(texts: Texts, path = ''): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]) =>
      typeof value === 'string' ? [[path + key, value] as const] : [...flat(value, `${path}${key}.`)],
    ),
  )
}

const english = flat(en)
const others = [
  { code: 'ru' as const, texts: flat(ru) },
  { code: 'ar' as const, texts: flat(ar) },
]
const forms = (text: string): string[] => text.split(' | ')
const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].toSorted()

describe.each(others)('the texts in $code', ({ code, texts }) => {
  it('are as many as the English ones', () => {
    expect([...texts.keys()].toSorted()).toEqual([...english.keys()].toSorted())
  })

  it('are none of them empty, and none left in English', () => {
    // Names, formats and what is not a word.
    const same = [
      'app.name',
      'app.notKnown',
      'import.units.bytes',
      'details.sha256',
      'history.fromTo',
      'rejected.downloadNdjson',
      'rejected.downloadCsv',
      'targets.null',
    ]
    const suspicious = [...texts].filter(([key, text]) => text.trim() === '' || (text === english.get(key) && !same.includes(key)))
    expect(suspicious).toEqual([])
  })

  it('have every form of a number that the language has', () => {
    const categories = new Intl.PluralRules(code).resolvedOptions().pluralCategories.length
    const wrong = [...english].filter(([, text]) => forms(text).length > 1).filter(([key]) => forms(texts.get(key) ?? '').length !== categories)
    expect(wrong).toEqual([])
  })

  it('name nothing that the English ones do not name', () => {
    const wrong = [...english].filter(([key, text]) => names(texts.get(key) ?? '').some((name) => !names(text).includes(name)))
    expect(wrong.map(([key]) => key)).toEqual([])
  })

  it('show every name that the English ones show, at least in the form for many', () => {
    const wrong = [...english].filter(([key, text]) => names(text).join() !== names(forms(texts.get(key) ?? '').at(-1) ?? '').join())
    expect(wrong.map(([key]) => key)).toEqual([])
  })
})

describe('the form of a text that goes with a number', () => {
  it.each([
    { code: 'en' as const, numbers: [0, 1, 2, 21], expected: [1, 0, 1, 1] },
    { code: 'ru' as const, numbers: [0, 1, 2, 5, 11, 21, 22], expected: [2, 0, 1, 2, 2, 0, 1] },
    { code: 'ar' as const, numbers: [0, 1, 2, 3, 11, 100, 103], expected: [0, 1, 2, 3, 4, 5, 3] },
  ])('follows the rules of $code', ({ code, numbers, expected }) => {
    const rule = pluralRule(code)
    const count = new Intl.PluralRules(code).resolvedOptions().pluralCategories.length
    expect(numbers.map((number) => rule(number, count))).toEqual(expected)
  })

  it('is the only one there is, when a text has but one', () => {
    expect(pluralRule('ar')(11, 1)).toBe(0)
  })
})

describe('the keys of texts', () => {
  const sources = import.meta.glob<string>('../../client/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true })
  const all = Object.values(sources).join('\n')

  it('that the pages ask for are there', () => {
    const asked = [...all.matchAll(/\bt\('([\w.]+)'/g)].map(([, key]) => key ?? '')
    expect(asked.length).toBeGreaterThan(150)
    expect(asked.filter((key) => !english.has(key))).toEqual([])
  })

  it('that are there are asked for', () => {
    // A key with a part that varies is asked for by what stands before that part.
    const stems = [...all.matchAll(/`([a-zA-Z.]+\.)\$\{/g)].map(([, stem]) => stem ?? '')
    const unused = [...english.keys()].filter((key) => !all.includes(`'${key}'`) && !stems.some((stem) => key.startsWith(stem)))
    expect(unused).toEqual([])
  })
})
