import { userEvent } from 'vitest/browser'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import TraceCopy from '../../../client/pages/TraceCopy.vue'
import NewImportPage from '../../../client/pages/NewImportPage.vue'
import type { Prepared } from '../../support/fake-api.ts'
import { asked, prepare, release } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'
import { account, importView, target } from './views.ts'

const run = importView({ id: 'bulk_1763706660000_test', kind: 'bulk', status: 'succeeded' })
const going: Prepared = {
  method: 'POST',
  path: '/api/imports',
  status: 201,
  body: { outcome: 'started', import: run, watch: { token: 'T'.repeat(43), expiresAt: '2126-11-21T00:00:00.000Z' } },
}
const accounts = ['Berlin', 'Cairo', 'Lyon', 'Kazan', 'Porto', 'Porto 2'].map((name, at) => account({ id: `account_${at + 1}`, name }))
const surroundings: Prepared[] = [
  { method: 'GET', path: '/api/targets', status: 200, body: { items: [target] } },
  { method: 'GET', path: '/api/accounts', status: 200, body: { items: accounts } },
  { method: 'GET', path: '/api/imports', status: 200, body: { items: [], total: 0 } },
]
const file = (name: string, lastModified = 1): File => new File(['x'], name, { lastModified })

async function bulkForm(files: File[], answers: Prepared[] = [going]) {
  await prepare([...answers, ...surroundings])
  const { screen, router } = await mount(NewImportPage, {}, '/imports/new')
  await screen.getByText('Bulk upload').click()
  await expect.element(screen.getByRole('checkbox', { name: /^Berlin/ })).toBeVisible()
  if (files.length > 0) await screen.getByLabelText('Choose files').upload(files)
  return { screen, router, press: screen.getByRole('button', { name: 'Start delivering' }) }
}

/** A folder as a browser tells of one that was dropped; it gives its entries piece by piece. */
function folder(path: string, inner: FileSystemEntry[]): FileSystemEntry {
  const pieces = [inner.slice(0, 1), inner.slice(1), []]
  const createReader = () => ({ readEntries: (give: (entries: FileSystemEntry[]) => void) => give(pieces.shift() ?? []) })
  return { isFile: false, isDirectory: true, name: path.split('/').at(-1), fullPath: path, createReader } as unknown as FileSystemEntry
}
function entry(path: string): FileSystemEntry {
  const name = path.split('/').at(-1) ?? ''
  return {
    isFile: true,
    isDirectory: false,
    name,
    fullPath: path,
    file: (give: (file: File) => void) => give(file(name)),
  } as unknown as FileSystemEntry
}

describe('the form of a bulk upload', () => {
  beforeEach(() => sessionStorage.clear())
  afterEach(() => cleanup())

  it('keeps an account with a very long name within its panel', async () => {
    const long = account({ id: 'account_9', name: `Berlin ${'that somebody wanted to describe '.repeat(3)}`, address: { folder: 'f'.repeat(300) } })
    const { screen } = await bulkForm([], [{ method: 'GET', path: '/api/accounts', status: 200, body: { items: [long] } }])
    const box = screen.getByRole('group', { name: 'Accounts to deliver to' }).element() as HTMLElement
    expect(box.offsetWidth).toBeLessThanOrEqual(box.parentElement!.clientWidth)
  })

  it('is sent once, to the accounts that are ticked, with all files and without a database', async () => {
    const { screen, router, press } = await bulkForm([file('a.mp4'), file('b.png')], [{ ...going, held: true }])
    await screen.getByRole('checkbox', { name: /^Kazan/ }).click()
    await screen.getByRole('checkbox', { name: /^Berlin/ }).click()
    await screen.getByRole('switch', { name: 'Mark the copies' }).click()
    const button = press.element() as HTMLButtonElement
    button.click()
    button.click()
    button.form?.requestSubmit()
    await expect.element(screen.getByRole('button', { name: 'Starting…' })).toBeDisabled()
    await userEvent.keyboard('{Enter}')
    await release()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/bulk_')
    const sent = await asked('POST', '/api/imports')
    expect(sent).toHaveLength(1)
    expect(sent[0]?.text).toContain('{"accounts":["account_1","account_4"],"nameTemplate":"{name}-{account}-{short id}{ext}","mark":false}')
    expect(sent[0]?.text.match(/filename="[^"]+"/g)).toEqual(['filename="a.mp4"', 'filename="b.png"'])
    expect(sent[0]?.text).not.toContain('name="target"')
  })

  it('ticks all accounts, or all that a search has found', async () => {
    const { screen } = await bulkForm([])
    const count = screen.getByTestId('chosen-accounts')
    await screen.getByRole('checkbox', { name: 'All' }).click()
    await expect.element(count).toHaveTextContent('6 of 6 chosen')
    await screen.getByLabelText('Search accounts').fill('porto')
    await screen.getByRole('checkbox', { name: 'All 2 that are found' }).click()
    await expect.element(count).toHaveTextContent('4 of 6 chosen')
    await screen.getByLabelText('Search accounts').fill('')
    await expect.element(screen.getByRole('checkbox', { name: /^Porto shop/ })).not.toBeChecked()
    await expect.element(screen.getByRole('checkbox', { name: /^Lyon/ })).toBeChecked()
  })

  it('shows what a copy will be called, and says what is wrong with a template', async () => {
    const { screen, press } = await bulkForm([file('film.tar.gz')])
    const name = screen.getByTestId('copy-name')
    await screen.getByRole('checkbox', { name: /^Cairo/ }).click()
    await expect.element(name).toMatchTextContent(/film-Cairo-\w{10}\.tar\.gz$/)
    const template = screen.getByLabelText('Names of the copies')
    await template.fill('{account} {short id}')
    await expect.element(name).toMatchTextContent(/Cairo \w{10}$/)
    await template.fill('{name}{ext}')
    await expect.element(screen.getByText('The short id has to be in it: it tells copies apart.')).toBeVisible()
    await press.click()
    await expect.element(screen.getByText('Correct the names of the copies.')).toBeVisible()
    expect(await asked('POST', '/api/imports')).toEqual([])
    await screen.getByRole('button', { name: '{short id}' }).click()
    await expect.element(name).toMatchTextContent(/^.*film\.tar\.gz\w{10}$/)
  })

  it('is not sent to nobody', async () => {
    const { screen, press } = await bulkForm([file('a.mp4')])
    await press.click()
    await expect.element(screen.getByTestId('chosen-accounts')).toHaveTextContent('Choose at least one account.')
    expect(await asked('POST', '/api/imports')).toEqual([])
  })

  it('takes the files of a folder that is dropped, however deep, with their paths and without what a system put there', async () => {
    const { screen } = await bulkForm([])
    const dropped = folder('/shop', [
      entry('/shop/10.png'),
      entry('/shop/.DS_Store'),
      entry('/shop/9.png'),
      folder('/shop/inner', [entry('/shop/inner/9.png')]),
    ])
    const event = new DragEvent('drop', { bubbles: true, cancelable: true })
    Object.defineProperty(event, 'dataTransfer', { value: { items: [{ webkitGetAsEntry: () => dropped }], files: [] } })
    screen.getByText('Drop files here or choose them').element().dispatchEvent(event)
    await expect.poll(() => screen.getByRole('list', { name: 'Files' }).getByRole('listitem').elements().length).toBe(3)
    const shown = screen.getByRole('list', { name: 'Files' }).getByRole('listitem').elements()
    expect(shown.map((item) => item.querySelector('bdi')?.textContent)).toEqual(['shop/9.png', 'shop/10.png', 'shop/inner/9.png'])
  })

  it('lists thousands of files with few of them in the page', async () => {
    const many = Array.from({ length: 2000 }, (_none, at) => file(`${at + 1}.png`))
    const { screen } = await bulkForm([])
    const event = new DragEvent('drop', { bubbles: true, cancelable: true })
    Object.defineProperty(event, 'dataTransfer', { value: { items: [], files: many } })
    screen.getByText('Drop files here or choose them').element().dispatchEvent(event)
    await expect.element(screen.getByText(/^2,000 files/).first()).toBeVisible()
    expect(screen.getByRole('list', { name: 'Files' }).getByRole('listitem').elements().length).toBeLessThan(20)
    await screen.getByRole('button', { name: 'Remove all' }).click()
    await expect.element(screen.getByText(/^2,000 files/).first()).not.toBeInTheDocument()
  })
})

describe('a copy that came back', () => {
  afterEach(() => cleanup())

  it('is traced to its account, its run and its time', async () => {
    const found = { importId: run.id, account: { id: 'account_1', name: 'Berlin' }, file: 'a.mp4', at: '2026-11-21T10:00:00.000Z', by: 'mark' }
    await prepare([
      { method: 'POST', path: '/api/trace', status: 200, body: { found } },
      { method: 'POST', path: '/api/trace', status: 200, body: { found: null } },
    ])
    const { screen } = await mount(TraceCopy, { open: true })
    await screen.getByLabelText('Choose files').upload(file('copy.mp4'))
    await expect.element(screen.getByTestId('trace')).toMatchTextContent(/copy\.mp4.*Berlin.*By the mark.*a\.mp4.*Nov 21, 2026/)
    await expect.element(screen.getByRole('link', { name: 'Show the run' })).toHaveAttribute('href', `/imports/${run.id}?account=Berlin`)
    await screen.getByLabelText('Choose files').upload(file('other.mp4'))
    await expect.element(screen.getByTestId('trace')).toMatchTextContent(/other\.mp4.*No copy of ours/)
  })
})
