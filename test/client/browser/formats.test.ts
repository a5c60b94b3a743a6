import { afterEach, describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { useAmounts } from '../../../client/commerce/use-amounts.ts'
import { useFormat } from '../../../client/composables/use-format.ts'
import type { LocaleCode } from '../../../client/i18n.ts'
import type { CatalogPrice } from '../../../shared/protocol/catalog-views.ts'
import { cleanup, mount } from './mount.ts'

type Formats = ReturnType<typeof useFormat> & ReturnType<typeof useAmounts>

/** What the pages write figures with, in a language. Spaces that do not break are shown as plain ones. */
async function formats(locale: LocaleCode): Promise<Formats> {
  const { promise, resolve } = Promise.withResolvers<Formats>()
  const user = defineComponent(() => {
    resolve({ ...useFormat(), ...useAmounts() })
    return () => h('p')
  })
  await mount(user, {}, '/', locale)
  return await promise
}

const plain = (text: string): string => text.replaceAll(/[\u00A0\u202F]/g, ' ')
const price = (amount: string | null, currency: string | null = 'RUB', minQuantity = '0'): CatalogPrice => {
  return { type: 'retail', amount, currency, minQuantity, unit: null }
}

describe('figures', () => {
  afterEach(() => cleanup())

  it.each([
    { of: 0, en: '0 bytes', ru: '0 байт' },
    { of: 1, en: '1 byte', ru: '1 байт' },
    { of: 999, en: '999 bytes', ru: '999 байт' },
    { of: 1000, en: '1 kB', ru: '1 кБ' },
    { of: 1449, en: '1.4 kB', ru: '1,4 кБ' },
    { of: 999_499, en: '999 kB', ru: '999 кБ' },
    { of: 999_500, en: '1 MB', ru: '1 МБ' },
    { of: 1_500_000_000_000, en: '1.5 TB', ru: '1,5 ТБ' },
    { of: 2e15, en: '2,000 TB', ru: '2 000 ТБ' },
  ])('of $of bytes are a size in the largest unit that they fill', async ({ of, en, ru }) => {
    expect(plain((await formats('en')).bytes(of))).toBe(en)
    expect(plain((await formats('ru')).bytes(of))).toBe(ru)
  })

  it('of a run are a hundred percent at its end alone', async () => {
    const { percent } = await formats('en')
    expect([0, 0.04, 41.26, 99.99, 100].map(percent)).toEqual(['0%', '0%', '41.2%', '99.9%', '100%'])
  })

  it('of time have its two largest units, and none that is zero', async () => {
    const { duration, took } = await formats('en')
    const lasting = [0, 499, 1000, 59_400, 59_600, 3_600_000, 3_661_000, 90_061_000, 86_460_000]
    expect(lasting.map(duration)).toEqual(['0s', '0s', '1s', '59s', '1m', '1h', '1h 1m', '1d 1h', '1d'])
    expect([0, 999, 1000].map(took)).toEqual(['0ms', '999ms', '1s'])
  })

  it('of the past are how long ago, and a date from a day on', async () => {
    const now = Date.parse('2026-11-22T12:00:00.000Z')
    const ago = async (locale: LocaleCode, ms: number): Promise<string> => (await formats(locale)).ago(new Date(now - ms).toISOString(), now)
    expect(await ago('en', 59_999)).toBe('now')
    expect(await ago('en', 119_999)).toBe('1 minute ago')
    expect(await ago('ru', 5 * 60_000)).toBe('5 минут назад')
    expect(await ago('en', 86_399_999)).toBe('23 hours ago')
    expect(await ago('en', 86_400_000)).toMatch(/^Nov 2[01], 2026, /)
    // A clock that is behind the server's.
    expect(await ago('en', -5000)).toBe('now')
  })

  it('have Latin digits in Arabic too', async () => {
    const { number, percent, bytes, dateTime, quantityText } = await formats('ar')
    const texts = [number(1_234_567), percent(41.2), bytes(35_000_000), dateTime('2026-11-22T12:00:00.000Z'), quantityText('12.5')]
    expect(texts.filter((text) => !/[0-9]/.test(text) || /[\u0660-\u0669]/.test(text))).toEqual([])
  })

  it('of money are exact, however long, with hundredths where they are not whole', async () => {
    const { priceText } = await formats('en')
    const texts = ['420', '344.4', '0.005', '12345678901234567890.12', '-3.5'].map((amount) => plain(priceText(price(amount))))
    expect(texts).toEqual(['420 RUB', '344.40 RUB', '0.005 RUB', '12,345,678,901,234,567,890.12 RUB', '-3.50 RUB'])
    expect(priceText(price('420', null))).toBe('420')
    expect(priceText(price(null))).toBe('—')
    expect(plain((await formats('ru')).priceText(price('1234.5')))).toBe('1 234,50 RUB')
  })

  it('of a price for many say from how many on', async () => {
    const { fromText } = await formats('en')
    expect(fromText(price('1'))).toBe('')
    expect(fromText(price('1', 'RUB', '1000'))).toContain('1,000')
  })
})
