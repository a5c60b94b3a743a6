import path from 'node:path'
import { chromium } from '@playwright/test'
import type { Page } from '@playwright/test'
import { loginCookie } from '../../shared/protocol/paths.ts'
import type { ApiClient } from '../../test/support/api-client.ts'
import { chromiumLaunch, findChromium } from '../../test/support/chromium.ts'

/** A page of the product in a real browser, which notes when each line of the log is there. */
export type LogPage = {
  /** Latencies of all `lines`, in milliseconds, once the last of them is in the page. */
  latenciesOf(lines: number): Promise<number[]>
  close(): Promise<void>
}

/** Opens the page of an import session as the person whose login `api` has, and waits until it watches. */
export async function openLogPage(api: ApiClient, importId: string): Promise<LogPage> {
  if (findChromium(process.env) === null) throw new Error('This measures a real browser: install Chromium.')
  const browser = await chromium.launch(chromiumLaunch(process.env))
  const context = await browser.newContext({ locale: 'en-US' })
  await context.addCookies([{ name: loginCookie, value: api.cookies.value(loginCookie) ?? '', url: api.url }])
  const page = await context.newPage()
  await page.addInitScript({ path: path.join(import.meta.dirname, 'note-arrivals.js') })
  await page.goto(`${api.url}/imports/${importId}`)
  await page.locator('[role=log] [data-seq]').first().waitFor()
  return { latenciesOf: async (lines) => await arrived(page, lines), close: async () => await browser.close() }
}

type Noting = { arrived: Record<string, number> }

async function arrived(page: Page, lines: number): Promise<number[]> {
  await page.waitForFunction((last) => String(last) in (globalThis as unknown as Noting).arrived, lines, { timeout: 120_000 })
  return await page.evaluate(() => Object.values((globalThis as unknown as Noting).arrived))
}
