import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import { writeLibrary } from '../support/library-file.ts'
import { ServerProcess } from '../support/server-process.ts'
import { adminLogin, adminPassword } from '../support/start-app.ts'

/** The whole story of a restore, in a real browser against a real server. */
const importPage = /\/imports\/restore_[^/]+$/

/** A server whose restores stop in the middle, so that what happens there fits in. */
const held = { main: path.join(import.meta.dirname, '..', 'server', 'process', 'held-server.ts') }
const library = { authors: 200, books: 6000 }

async function logIn(page: Page, server: ServerProcess): Promise<void> {
  await page.goto(server.url)
  await page.getByLabel('Login').fill(adminLogin)
  await page.getByLabel('Password', { exact: true }).fill(adminPassword)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('heading', { name: 'Imports' })).toBeVisible()
}

async function chooseFile(page: Page, file: string): Promise<void> {
  await page.getByRole('link', { name: 'New import' }).first().click()
  await expect(page.getByRole('heading', { name: 'New import' })).toBeVisible()
  await page.getByLabel('Choose files').setInputFiles(file)
}

test.describe('a restore, as a user lives through it', () => {
  let server: ServerProcess
  let folder: string

  test.beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'intake-e2e-'))
  })
  test.afterEach(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('the first try: log in, take the sample, see it go in, find it in the history', async ({ page }) => {
    server = await ServerProcess.start()
    await logIn(page, server)
    await page.getByRole('link', { name: 'New import' }).first().click()
    await page.getByRole('button', { name: /^Use library\.json/ }).click()
    await expect(page.getByRole('list', { name: 'Files' })).toContainText('library.json')
    await page.getByRole('button', { name: 'Start import' }).dblclick()
    await expect(page).toHaveURL(importPage)
    await expect(page.getByText('Everything went in').first()).toBeVisible()
    await expect(page.getByTestId('ledger-total')).toContainText('200')
    await expect(page.getByText('Done: 200 records')).toBeVisible()

    await page.reload()
    await expect(page.getByText('Everything went in').first()).toBeVisible()
    await page.getByRole('link', { name: 'Imports' }).first().click()
    await expect(page.getByRole('row', { name: /library\.json/ })).toHaveCount(1)

    const runs = await (await server.admin()).get<{ total: number }>('/api/imports')
    expect(runs.body.total, 'a double click is one run').toBe(1)
  })

  test('bad records are listed with their reasons, and can be downloaded', async ({ page }) => {
    server = await ServerProcess.start()
    await logIn(page, server)
    await chooseFile(page, path.join(import.meta.dirname, '..', '..', 'samples', 'library-with-mistakes.jsonl'))
    await page.getByRole('radio', { name: /Keep going/ }).click()
    await page.getByRole('button', { name: 'Start import' }).click()
    await expect(page.getByText('Some records did not go in').first()).toBeVisible()
    await page.getByRole('tab', { name: /Rejected records/ }).click()
    await expect(page.getByText('The record has no "model"', { exact: false })).toBeVisible()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'NDJSON' }).click()
    expect((await download).suggestedFilename()).toMatch(/rejected\.ndjson$/)
  })

  test('the login expires in the middle: the page goes on watching, and a login brings it back without leaving', async ({ page }) => {
    const goesOn = path.join(folder, 'goes on')
    server = await ServerProcess.start({ LOGIN_IDLE_MINUTES: '0.25', HELD_UNTIL: goesOn }, held)
    const file = path.join(folder, 'library.json')
    await writeLibrary(file, library)
    await logIn(page, server)
    await chooseFile(page, file)
    await page.getByRole('button', { name: 'Start import' }).click()
    await expect(page).toHaveURL(importPage)
    const address = page.url()
    const redirects: string[] = []
    page.on('response', (response) => {
      if (response.status() >= 300 && response.status() < 400 && response.status() !== 304) redirects.push(response.url())
    })

    await expect(page.getByText(/Your login has expired/).first()).toBeVisible({ timeout: 60_000 })
    await writeFile(goesOn, '')
    await expect(page.getByText('Everything went in').first()).toBeVisible({ timeout: 60_000 })
    await expect(page.getByText(/^Done: 6,200 records/)).toBeVisible()
    expect(page.url()).toBe(address)

    await page.reload()
    await expect(page.getByText('Everything went in').first(), 'a reload after the login expired still shows the run').toBeVisible()
    await page.getByRole('button', { name: 'Log in again' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Login').fill(adminLogin)
    await dialog.getByLabel('Password', { exact: true }).fill(adminPassword)
    await dialog.getByRole('button', { name: 'Log in', exact: true }).click()
    await expect(page.getByText(/Your login has expired/)).toHaveCount(0)
    expect(page.url()).toBe(address)
    expect(redirects).toEqual([])
  })

  test('the server is killed and started again in the middle: the page says so, and shows the run to its end without a hole', async ({ page }) => {
    const goesOn = path.join(folder, 'goes on')
    server = await ServerProcess.start({ HELD_UNTIL: goesOn }, held)
    const file = path.join(folder, 'library.json')
    await writeLibrary(file, library)
    await logIn(page, server)
    await chooseFile(page, file)
    await page.getByRole('button', { name: 'Start import' }).click()
    await expect(page).toHaveURL(importPage)
    await expect(page.getByText('The files hold 6,200 records', { exact: false })).toBeVisible()
    await server.kill()
    await expect(page.getByText('Connection lost, the run goes on.', { exact: false })).toBeVisible()
    await writeFile(goesOn, '')
    await server.begin()
    await expect(page.getByText('Everything went in').first()).toBeVisible({ timeout: 60_000 })

    const id = page.url().split('/').at(-1)!
    const events = await (await server.admin()).events(id)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.some(({ status }) => status === 'resuming')).toBe(true)
  })
})
