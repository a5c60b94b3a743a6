import { userEvent } from 'vitest/browser'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import NewImportPage from '../../../client/pages/NewImportPage.vue'
import type { Prepared } from '../../support/fake-api.ts'
import { asked, prepare, release } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'
import { importView, target } from './views.ts'

const run = importView({ id: 'commerce_1763706660000_test', kind: 'commerce', types: ['prices'], status: 'succeeded' })
const going: Prepared = {
  method: 'POST',
  path: '/api/imports',
  status: 201,
  body: { outcome: 'started', import: run, watch: { token: 'T'.repeat(43), expiresAt: '2126-11-21T00:00:00.000Z' } },
}
const sample = { id: 'shop', kind: 'commerce', name: 'shop.xml', description: 'A shop', size: 60_831 }
const surroundings: Prepared[] = [
  { method: 'GET', path: '/api/targets', status: 200, body: { items: [target] } },
  { method: 'GET', path: '/api/imports', status: 200, body: { items: [], total: 0 } },
  {
    method: 'GET',
    path: '/api/samples',
    status: 200,
    body: { items: [sample, { ...sample, id: 'library', kind: 'restore', name: 'library.json' }] },
  },
]
const file = (name: string): File => new File(['<a/>'], name, { type: 'text/xml' })

async function commerceForm(files: File[], answers: Prepared[] = [going]) {
  await prepare([...surroundings, ...answers])
  const { screen, router } = await mount(NewImportPage, {}, '/imports/new')
  await expect.element(screen.getByRole('combobox', { name: 'Database' })).toHaveTextContent('Main database')
  await screen.getByText('Import from 1C (CommerceML)').click()
  if (files.length > 0) await screen.getByLabelText('Choose files').upload(files)
  return { screen, router, press: screen.getByRole('button', { name: 'Start import' }) }
}

const starts = async () => await asked('POST', '/api/imports')

describe('the form of an import from 1C', () => {
  beforeEach(() => sessionStorage.clear())
  afterEach(() => cleanup())

  it('sends the types in the order in which they were chosen, the guard, and all files', async () => {
    const { screen, router, press } = await commerceForm([file('import0_1.xml'), file('offers0_1.xml')])
    await screen.getByRole('checkbox', { name: 'Stocks' }).click()
    await screen.getByRole('checkbox', { name: 'Customers' }).click()
    await screen.getByRole('checkbox', { name: 'Catalog' }).click()
    await screen.getByRole('checkbox', { name: 'Stocks' }).click()
    await press.click()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/commerce_')
    const [sent] = await starts()
    expect(sent?.text).toContain('commerce')
    expect(sent?.text).toContain('{"types":["customers","catalog"],"guard":true}')
    expect(sent?.text.match(/filename="[^"]+"/g)).toEqual(['filename="import0_1.xml"', 'filename="offers0_1.xml"'])
  })

  it('says in a sentence what a choice touches and what it does not', async () => {
    const { screen } = await commerceForm([])
    const sentence = screen.getByTestId('touches')
    await expect.element(sentence).toMatchTextContent(/What is not chosen is not touched/)
    await screen.getByRole('checkbox', { name: 'Prices' }).click()
    await expect.element(sentence).toMatchTextContent(/Touches Prices and nothing else\..*Catalog, Stocks, and Customers\./)
    for (const name of ['Catalog', 'Stocks', 'Customers']) await screen.getByRole('checkbox', { name }).click()
    await expect.element(sentence).toMatchTextContent(/All four/)
  })

  it('is not sent before something is chosen', async () => {
    const { screen, press } = await commerceForm([file('offers.xml')])
    await press.click()
    await expect.element(screen.getByText('Choose what to take over.')).toBeVisible()
    expect(await starts()).toEqual([])
  })

  it('is sent once, however often Start is pressed', async () => {
    const { screen, router, press } = await commerceForm([file('offers.xml')], [{ ...going, held: true }])
    await screen.getByRole('checkbox', { name: 'Prices' }).click()
    await screen.getByRole('switch', { name: 'Ask before much changes' }).click()
    const button = press.element() as HTMLButtonElement
    button.click()
    button.click()
    button.form?.requestSubmit()
    await expect.element(screen.getByRole('button', { name: 'Starting…' })).toBeDisabled()
    await userEvent.keyboard('{Enter}')
    await release()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/commerce_')
    const sent = await starts()
    expect(sent).toHaveLength(1)
    expect(sent[0]?.text).toContain('{"types":["prices"],"guard":false}')
  })

  it('leads to the run that is in the way when the server refuses a second one', async () => {
    const error = { code: 'conflict', message: '“offers.xml” goes into this database just now.', details: { importId: run.id }, requestId: 'r' }
    const { screen, press } = await commerceForm([file('offers.xml')], [{ ...going, status: 409, body: { error } }])
    await screen.getByRole('checkbox', { name: 'Prices' }).click()
    await press.click()
    await expect.element(screen.getByRole('alert')).toMatchTextContent(/just now/)
    await expect.element(screen.getByRole('link', { name: 'Show that run' })).toHaveAttribute('href', `/imports/${run.id}`)
  })

  it('keeps files of its own, and offers samples of its own', async () => {
    const { screen } = await commerceForm([])
    await expect.element(screen.getByRole('button', { name: 'Use shop.xml' })).toBeVisible()
    await expect.element(screen.getByRole('button', { name: 'Use library.json' })).not.toBeInTheDocument()
    await screen.getByLabelText('Choose files').upload(file('offers.xml'))
    await expect.element(screen.getByRole('list', { name: 'Files' })).toMatchTextContent(/offers\.xml/)
    await screen.getByText('Restore a backup').click()
    await expect.element(screen.getByRole('list', { name: 'Files' })).not.toBeInTheDocument()
    await expect.element(screen.getByRole('button', { name: 'Use library.json' })).toBeVisible()
  })
})
