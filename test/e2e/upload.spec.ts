import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import { ServerProcess } from '../support/server-process.ts'
import { adminLogin, adminPassword } from '../support/start-app.ts'

const mib = 1024 * 1024
const size = 72 * mib

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Login').fill(adminLogin)
  await page.getByLabel('Password', { exact: true }).fill(adminPassword)
  await page.getByRole('button', { name: 'Log in' }).click()
}

async function startWith(page: Page, file: string): Promise<void> {
  await page.getByLabel('Choose files').setInputFiles(file)
  await page.getByRole('button', { name: 'Start import' }).click()
}

/** Lets no more through than so many bytes a second. */
async function sendAt(page: Page, uploadThroughput: number): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Network.enable')
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput })
}

/** Offsets at which the page has gone on with uploads. */
function offsetsOf(page: Page): number[] {
  const offsets: number[] = []
  page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']))
  })
  return offsets
}

test('a large upload goes on after a reload, outlives its login, and starts after the next one', async ({ page }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-e2e-'))
  const server = await ServerProcess.start()
  try {
    const file = path.join(folder, 'large.json')
    await writeFile(file, `[${' '.repeat(size - 2)}]`)
    await page.goto(server.url)
    await logIn(page)
    await page.getByRole('link', { name: 'New import' }).first().click()
    const offsets = offsetsOf(page)
    // More than a quarter of a minute: it is reloaded in the middle of it.
    await sendAt(page, 4 * mib)
    await startWith(page, file)
    await expect(page.getByTestId('upload-progress')).toContainText('Time left')
    await expect(page.getByTestId('upload-progress')).toContainText(/[3-9]\d(\.\d)?%/)
    await page.reload()

    // So slowly that the rest can't be there before the cookie is gone.
    await sendAt(page, mib / 16)
    await startWith(page, file)
    await expect.poll(() => offsets.length).toBe(2)
    expect(offsets[1]).toBeGreaterThan(10 * mib)
    await page.context().clearCookies()
    await sendAt(page, -1)
    await expect(page.getByTestId('login-bar')).toBeVisible()
    await expect(page).toHaveURL(/\/imports\/new$/)
    await page.getByTestId('login-bar').getByRole('button').click()
    await logIn(page)
    await expect(page).toHaveURL(/\/imports\/restore_/)
    const { body } = await (await server.admin()).get<{ items: { files: { size: number }[] }[] }>('/api/imports')
    expect(body.items.map(({ files }) => files[0]?.size)).toEqual([size])
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
})
