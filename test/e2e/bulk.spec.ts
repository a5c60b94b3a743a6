import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import { ServerProcess } from '../support/server-process.ts'
import { adminLogin, adminPassword } from '../support/start-app.ts'

/** The whole story of a bulk upload, in a real browser against a real server. */
const importPage = /\/imports\/bulk_[^/?]+/
const picture = path.join(import.meta.dirname, '..', '..', 'docs', 'images', 'history.png')

async function logIn(page: Page, server: ServerProcess): Promise<void> {
  await page.goto(server.url)
  await page.getByLabel('Login').fill(adminLogin)
  await page.getByLabel('Password', { exact: true }).fill(adminPassword)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('heading', { name: 'Imports' })).toBeVisible()
}

async function addAccount(page: Page, name: string, folder: string): Promise<void> {
  await page.getByRole('button', { name: 'Add account' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('textbox', { name: 'Folder' }).fill(folder)
  await dialog.getByRole('button', { name: 'Test' }).click()
  await expect(dialog.getByTestId('account-test')).toHaveAttribute('data-ok', 'true')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('listitem', { name })).toBeVisible()
}

async function expectCells(page: Page, account: string, state: string): Promise<void> {
  await expect(page.getByRole('gridcell', { name: new RegExp(`^${account}, .*: ${state}$`) })).toHaveCount(3)
}

test.describe('a bulk upload, as a user lives through it', () => {
  let server: ServerProcess
  let folder: string

  test.beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'intake-e2e-'))
    server = await ServerProcess.start()
  })
  test.afterEach(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('three files to two accounts, of which one can’t be written: it says why, and a retry heals it and touches no other', async ({ page }) => {
    const delivered = (account: string): string => path.join(server.dataDir, 'deliveries', account)
    await writeFile(path.join(folder, 'notes.txt'), 'Dear all,\n')
    await writeFile(path.join(folder, 'prices.csv'), 'id;price\n1;10\n')
    await logIn(page, server)
    await page.getByRole('link', { name: 'Accounts' }).click()
    await addAccount(page, 'Berlin', 'berlin')
    await addAccount(page, 'Cairo', 'cairo')
    // A folder that was there when it was tested, and is no more.
    await rm(delivered('cairo'), { recursive: true })
    await writeFile(delivered('cairo'), 'in the way')

    await page.getByRole('link', { name: 'New import' }).first().click()
    await expect(page.getByRole('heading', { name: 'New import' })).toBeVisible()
    await page.getByText('Bulk upload', { exact: true }).click()
    await page.getByLabel('Choose files').setInputFiles([path.join(folder, 'notes.txt'), path.join(folder, 'prices.csv'), picture])
    await page.getByRole('checkbox', { name: 'All', exact: true }).check()
    await expect(page.getByTestId('copy-name')).toContainText('notes-Berlin-')
    await page.getByRole('button', { name: 'Start delivering' }).dblclick()
    await expect(page).toHaveURL(importPage)
    await expect(page.getByTestId('result')).toHaveAttribute('data-status', 'partly_failed')
    await expectCells(page, 'Berlin', 'Delivered')
    await expectCells(page, 'Cairo', 'Failed')
    await expect(page.getByRole('rowheader', { name: /^Berlin/ })).toContainText('3/3')

    await page.getByRole('gridcell', { name: 'Cairo, prices.csv: Failed' }).click()
    const detail = page.getByRole('dialog')
    await expect(detail.getByTestId('delivery-error')).toContainText('retry the failed ones')
    await expect(detail.getByTestId('log-message').first()).toContainText('prices.csv')
    await expect(detail.getByTestId('log-message').filter({ hasText: 'notes.txt' })).toHaveCount(0)
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Failures: 3' }).click()
    await expect(page.getByRole('rowheader')).toHaveCount(1)
    await page.getByRole('rowheader', { name: /^Cairo/ }).click()
    await expect(page).toHaveURL(/\?account=Cairo$/)
    await page.reload()
    await expect(page.getByRole('tab', { name: 'Cairo' })).toHaveAttribute('aria-selected', 'true')
    await expect(page.getByTestId('log-message').filter({ hasText: 'notes.txt' }).first()).toBeVisible()
    await expect(page.getByRole('link', { name: 'Download' })).toHaveAttribute('href', /\/log\?stream=account%2FCairo$/)

    const before = await readdir(delivered('berlin'))
    await rm(delivered('cairo'))
    await mkdir(delivered('cairo'))
    await page.getByRole('button', { name: 'Retry the failed ones' }).click()
    await expect(page.getByTestId('result')).toHaveAttribute('data-status', 'succeeded')
    await expectCells(page, 'Cairo', 'Delivered')
    await expectCells(page, 'Berlin', 'Delivered')
    expect(await readdir(delivered('berlin'))).toEqual(before)
    const copies = await readdir(delivered('cairo'))
    expect(copies.map((name) => name.replace(/-\w{10}\./, '.')).toSorted()).toEqual(['history-Cairo.png', 'notes-Cairo.txt', 'prices-Cairo.csv'])

    const copy = path.join(delivered('cairo'), copies.find((name) => name.endsWith('.png')) ?? '')
    expect((await readFile(copy)).equals(await readFile(picture)), 'each account has a copy of its own').toBe(false)
    await page.getByRole('link', { name: 'Accounts' }).click()
    await page.getByRole('button', { name: 'Trace a copy' }).click()
    await page
      .getByRole('dialog')
      .getByLabel('Choose files')
      .setInputFiles({ name: 'found.png', mimeType: 'image/png', buffer: await readFile(copy) })
    await expect(page.getByTestId('trace')).toContainText('Cairo')
    await page.getByRole('link', { name: 'Show the run' }).click()
    await expect(page).toHaveURL(importPage)
    const runs = await (await server.admin()).get<{ total: number }>('/api/imports')
    expect(runs.body.total, 'a double click is one run').toBe(1)
  })
})
