import path from 'node:path'
import { expect, test } from '@playwright/test'
import type { Page } from '@playwright/test'
import type { ImportView } from '../../shared/protocol/views.ts'
import { ServerProcess } from '../support/server-process.ts'
import { adminLogin, adminPassword } from '../support/start-app.ts'

/** The whole story of an import from 1C, in a real browser against a real server. */
const importPage = /\/imports\/commerce_[^/]+$/
const sample = (name: string): string => path.join(import.meta.dirname, '..', '..', 'samples', 'commerce', name)

async function logIn(page: Page, server: ServerProcess): Promise<void> {
  await page.goto(server.url)
  await page.getByLabel('Login').fill(adminLogin)
  await page.getByLabel('Password', { exact: true }).fill(adminPassword)
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('heading', { name: 'Imports' })).toBeVisible()
}

/** Fills the form; without a file the sample that the page offers is taken. */
async function fill(page: Page, types: string[], file?: string): Promise<void> {
  await page.getByRole('link', { name: 'New import' }).first().click()
  await page.getByText('Import from 1C (CommerceML)').click()
  if (file === undefined) await page.getByRole('button', { name: 'Use shop.xml' }).click()
  else await page.getByLabel('Choose files').setInputFiles(file)
  await expect(page.getByRole('list', { name: 'Files' })).toBeVisible()
  for (const type of types) await page.getByRole('checkbox', { name: type }).click()
}

async function start(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start import' }).click()
  await expect(page).toHaveURL(importPage)
}

async function ended(page: Page): Promise<void> {
  await expect(page.getByTestId('result')).toHaveAttribute('data-status', 'succeeded')
}

/** A line of the report: created, changed, unchanged, deleted, rejected. */
async function expectRow(page: Page, name: string, figures: number[]): Promise<void> {
  const cells = page.getByTestId('report').getByRole('row', { name, exact: false }).first().getByRole('cell')
  await expect(cells).toHaveText(figures.map(String))
}

async function runsOf(server: ServerProcess): Promise<ImportView[]> {
  return (await (await server.admin()).get<{ items: ImportView[] }>('/api/imports')).body.items
}

test.describe('an import from 1C, as a user lives through it', () => {
  let server: ServerProcess

  test.beforeEach(async ({ page }) => {
    server = await ServerProcess.start()
    await logIn(page, server)
  })
  test.afterEach(async () => await server.close())

  test('the sample goes in step by step, and a second time finds everything as it was', async ({ page }) => {
    await fill(page, ['Catalog', 'Prices'])
    await start(page)
    await ended(page)
    const steps = page.getByTestId('steps').getByRole('listitem')
    await expect(steps).toHaveText([/Check the files/, /Catalog/, /Prices/])
    for (const state of await steps.all()) await expect(state).toHaveAttribute('data-state', 'done')
    await expectRow(page, 'Products', [18, 0, 0, 0, 0])
    await expectRow(page, 'Prices', [72, 0, 0, 0, 0])
    await expect(page.getByTestId('report').getByRole('row', { name: /^Stocks/ })).toHaveCount(0)

    // In another order it is another start, of which nobody asks whether it is meant.
    await fill(page, ['Prices', 'Catalog'], sample('shop.xml'))
    await start(page)
    await ended(page)
    await expect(page.getByTestId('types').getByText(/./)).toHaveText(['Prices', 'Catalog'])
    await expect(steps).toHaveText([/Check the files/, /Catalog/, /Prices/])
    await expect(page.getByText('no row was written', { exact: false })).toBeVisible()
    await expectRow(page, 'Products', [0, 0, 18, 0, 0])
    await expectRow(page, 'Prices', [0, 0, 72, 0, 0])
  })

  test('“only prices” is one import session of prices, however often it is pressed', async ({ page }) => {
    await fill(page, ['Prices'])
    await expect(page.getByTestId('touches')).toContainText('Touches Prices and nothing else.')
    await page.getByRole('button', { name: 'Start import' }).dblclick()
    await expect(page).toHaveURL(importPage)
    await ended(page)
    await expect(page.getByTestId('types')).toHaveText('Prices')
    await expect(page.getByTestId('report').getByRole('row', { name: /^Products/ })).toHaveCount(0)
    const runs = await runsOf(server)
    expect(runs.map(({ kind, types }) => ({ kind, types }))).toEqual([{ kind: 'commerce', types: ['prices'] }])
  })

  test('prices that move far wait for a person, who lets them go on', async ({ page }) => {
    await fill(page, ['Catalog', 'Prices', 'Stocks', 'Customers'])
    await start(page)
    await ended(page)

    await fill(page, ['Prices'], sample('shop-new-prices.xml'))
    await start(page)
    const card = page.getByTestId('hold')
    await expect(card).toContainText('48 of 72 prices would move by more than 30%.')
    await expect(page.getByTestId('status')).toHaveText('Waiting for a person')
    await expect(page.getByRole('region', { name: 'Running now' })).toContainText('Waiting for a person')
    await page.reload()
    await expect(card).toBeVisible()
    await page.getByRole('button', { name: 'Continue' }).dblclick()
    await ended(page)
    await expectRow(page, 'Prices', [0, 48, 24, 0, 0])

    await page.getByRole('link', { name: 'Imports' }).first().click()
    await page.getByRole('combobox', { name: 'Kind' }).click()
    await page.getByRole('option', { name: 'Import from 1C' }).click()
    await expect(page.getByTestId('history-total')).toContainText('2')
    expect((await runsOf(server)).map(({ attempt, status }) => ({ attempt, status }))).toEqual([
      { attempt: 2, status: 'succeeded' },
      { attempt: 1, status: 'succeeded' },
    ])
  })

  test('prices that move far are cancelled, and nothing was written', async ({ page }) => {
    await fill(page, ['Catalog', 'Prices'])
    await start(page)
    await ended(page)
    await fill(page, ['Prices'], sample('shop-new-prices.xml'))
    await start(page)
    await page.getByTestId('hold').getByRole('button', { name: 'Cancel import' }).click()
    await expect(page.getByText('Nothing was changed in Main database.')).toBeVisible()
    await expect(page.getByTestId('hold')).toHaveCount(0)
  })
})
