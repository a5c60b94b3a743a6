import type { Browser, Page } from '@playwright/test'
import { loginCookie } from '../../shared/protocol/paths.ts'
import type { ApiClient } from '../../test/support/api-client.ts'
import { root } from '../root.ts'

export type View = { width?: number; height?: number; locale?: 'en' | 'ru' | 'ar' }

/** Opens pages as the administrator, and keeps what they show in docs/images. */
export class Camera {
  readonly #browser: Browser
  readonly api: ApiClient

  constructor(browser: Browser, api: ApiClient) {
    this.#browser = browser
    this.api = api
  }

  /** A page on a screen of its own: of a desk and in English unless told otherwise. */
  async open(path: string, { width = 1280, height = 860, locale = 'en' }: View = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width, height }, locale, timezoneId: 'UTC', reducedMotion: 'reduce' })
    const cookie = { name: loginCookie, value: this.api.cookies.value(loginCookie) ?? '', url: this.api.url }
    await context.addCookies([cookie])
    const page = await context.newPage()
    await page.goto(this.api.url + path)
    return page
  }

  /** Takes the picture, and closes the page. */
  async take(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: `${root}docs/images/${name}.png` })
    await page.context().close()
    console.log(`docs/images/${name}.png`)
  }
}
