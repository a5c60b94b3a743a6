import { afterEach, describe, expect, it } from 'vitest'
import AccountsPage from '../../../client/pages/AccountsPage.vue'
import type { Prepared } from '../../support/fake-api.ts'
import { asked, prepare } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'
import { account } from './views.ts'

const path = '/api/accounts'
const sftp = account({
  id: 'account_2',
  name: 'Cairo shop',
  driver: 'sftp',
  address: { host: 'files.example.com', port: 2222, user: 'shop', folder: 'in', hostKey: `SHA256:${'k'.repeat(43)}`, readBack: true },
  secrets: ['password'],
})
const refusal = { error: { code: 'destination_login_refused', message: 'files.example.com refuses the login of shop.', requestId: 'r' } }

async function accounts(answers: Prepared[] = []) {
  await prepare([{ method: 'GET', path, status: 200, body: { items: [account(), sftp] } }, ...answers])
  const { screen } = await mount(AccountsPage)
  await expect.element(screen.getByRole('listitem', { name: 'Cairo shop' })).toBeVisible()
  return { screen, dialog: screen.getByRole('dialog') }
}

const sentTo = async (method: string, at: string): Promise<unknown[]> => (await asked(method, at)).map(({ text }) => JSON.parse(text) as unknown)

describe('the page of accounts', () => {
  afterEach(() => cleanup())

  it('shows where each leads to, and the key that its server showed', async () => {
    const { screen } = await accounts()
    const row = screen.getByRole('listitem', { name: 'Cairo shop' })
    await expect.element(row).toMatchTextContent(/SFTP.*shop@files\.example\.com:2222\/in.*SHA256:k{43}/)
    await screen.getByLabelText('Search accounts').fill('berlin')
    await expect.element(row).not.toBeInTheDocument()
    await expect.element(screen.getByRole('listitem', { name: 'Berlin shop' })).toBeVisible()
  })

  it('adds one by the form of its driver, once', async () => {
    const added = { method: 'POST', path, status: 201, body: { account: account({ id: 'account_3', name: 'Media' }) } }
    const { screen, dialog } = await accounts([added])
    await screen.getByRole('button', { name: 'Add account' }).click()
    await dialog.getByText('S3', { exact: true }).click()
    await dialog.getByLabelText('Name').fill('Media')
    await dialog.getByLabelText('Bucket').fill('media')
    await dialog.getByLabelText('Access key id').fill('AKIA')
    await dialog.getByLabelText('Secret access key').fill(' with spaces ')
    await dialog.getByLabelText('Largest file, MB').fill('1.5')
    const save = dialog.getByRole('button', { name: 'Save' }).element() as HTMLButtonElement
    save.click()
    save.click()
    await expect.element(screen.getByRole('listitem', { name: 'Media' })).toBeVisible()
    expect(await sentTo('POST', path)).toEqual([
      {
        name: 'Media',
        driver: 's3',
        address: { bucket: 'media', region: 'us-east-1', readBack: false },
        secrets: { accessKeyId: 'AKIA', secretAccessKey: ' with spaces ' },
        limits: { concurrency: 16, bytesPerSecond: null, maxBytes: 1_500_000 },
      },
    ])
  })

  it('takes as many files at once as the kind of place can take, unless somebody says otherwise', async () => {
    const { screen, dialog } = await accounts([])
    await screen.getByRole('button', { name: 'Add account' }).click()
    const atOnce = dialog.getByLabelText('Files at once')
    await expect.element(atOnce).toHaveValue(16)
    await dialog.getByText('SFTP', { exact: true }).click()
    await expect.element(atOnce).toHaveValue(4)
    await atOnce.fill('7')
    await dialog.getByText('S3', { exact: true }).click()
    await expect.element(atOnce).toHaveValue(7)
  })

  it('keeps secrets that were not entered again, and sends nothing that was not touched', async () => {
    const { screen, dialog } = await accounts([{ method: 'PATCH', path: `${path}/account_2`, status: 200, body: { account: sftp } }])
    await screen.getByRole('button', { name: 'Actions for Cairo shop' }).click()
    await screen.getByRole('menuitem', { name: 'Edit' }).click()
    await expect.element(dialog.getByLabelText('Password')).toHaveAttribute('placeholder', 'Saved')
    await expect.element(dialog.getByLabelText('Password')).toHaveValue('')
    await dialog.getByLabelText('Files at once').fill('2')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect.element(dialog).not.toBeInTheDocument()
    expect(await sentTo('PATCH', `${path}/account_2`)).toEqual([
      { name: 'Cairo shop', limits: { concurrency: 2, bytesPerSecond: null, maxBytes: null } },
    ])
  })

  it('forgets the key of a server when the account moves to another, and says what the server found', async () => {
    const { screen, dialog } = await accounts([{ method: 'PATCH', path: `${path}/account_2`, status: 422, body: refusal }])
    await screen.getByRole('button', { name: 'Actions for Cairo shop' }).click()
    await screen.getByRole('menuitem', { name: 'Edit' }).click()
    await dialog.getByLabelText('Host').fill('other.example.com')
    // Only the server knows the secrets: it tests when it saves.
    await expect.element(dialog.getByRole('button', { name: 'Test' })).toBeDisabled()
    await dialog.getByLabelText('Password').fill('new')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect.element(dialog.getByRole('alert')).toMatchTextContent(/refuses the login/)
    expect(await sentTo('PATCH', `${path}/account_2`)).toMatchObject([
      { address: { host: 'other.example.com', port: 2222, user: 'shop', folder: 'in', readBack: true }, secrets: { password: 'new' } },
    ])
  })

  it('tests what is entered before it is saved', async () => {
    const { screen, dialog } = await accounts([{ method: 'POST', path: `${path}/test`, status: 200, body: { ok: false, ...refusal } }])
    await screen.getByRole('button', { name: 'Add account' }).click()
    await dialog.getByText('HTTP', { exact: true }).click()
    await dialog.getByLabelText('Address').fill('https://intake.example.com/')
    await dialog.getByLabelText('Secret headers').fill('Authorization: Bearer a:b\n\nX-One:  1')
    await dialog.getByRole('button', { name: 'Test' }).click()
    await expect.element(dialog.getByTestId('account-test')).toMatchTextContent(/It does not work.*refuses the login/)
    expect(await sentTo('POST', `${path}/test`)).toEqual([
      {
        driver: 'http',
        address: { url: 'https://intake.example.com/', method: 'PUT' },
        secrets: { headers: { Authorization: 'Bearer a:b', 'X-One': '1' } },
      },
    ])
  })

  it('takes another port than the usual one', async () => {
    const added = { method: 'POST', path, status: 201, body: { account: account({ id: 'account_3', name: 'Media' }) } }
    const { screen, dialog } = await accounts([added])
    await screen.getByRole('button', { name: 'Add account' }).click()
    await dialog.getByText('SFTP', { exact: true }).click()
    await dialog.getByLabelText('Name').fill('Media')
    await dialog.getByLabelText('Host').fill('files.example.com')
    await dialog.getByLabelText('Port').fill('2222')
    await dialog.getByLabelText('User').fill('shop')
    await dialog.getByLabelText('Password').fill('secret')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect.element(screen.getByRole('listitem', { name: 'Media' })).toBeVisible()
    expect(await sentTo('POST', path)).toMatchObject([{ address: { host: 'files.example.com', port: 2222, user: 'shop' } }])
  })

  it('tests nothing that is not filled in, and says what the server could not take', async () => {
    const wrong = { error: { code: 'invalid_input', message: 'address.folder: it is too strange', requestId: 'r' } }
    const { screen, dialog } = await accounts([{ method: 'POST', path: `${path}/test`, status: 400, body: wrong }])
    await screen.getByRole('button', { name: 'Add account' }).click()
    const folder = dialog.getByPlaceholder('shop-berlin')
    await dialog.getByRole('button', { name: 'Test' }).click()
    await expect.element(folder).toHaveFocus()
    expect(await asked('POST', `${path}/test`)).toEqual([])
    await folder.fill('strange')
    await dialog.getByRole('button', { name: 'Test' }).click()
    const result = dialog.getByTestId('account-test')
    await expect.element(result).toMatchTextContent(/It does not work.*too strange/)
    await expect.element(result).not.toHaveTextContent('An error in Intake itself')
  })

  it('says of what was tested what was found, and nothing of what was typed since', async () => {
    const { screen, dialog } = await accounts([
      { method: 'POST', path: `${path}/test`, status: 200, body: { ok: true, description: 'There is room.' } },
    ])
    await screen.getByRole('button', { name: 'Add account' }).click()
    await dialog.getByPlaceholder('shop-berlin').fill('one')
    await dialog.getByRole('button', { name: 'Test' }).click()
    const result = dialog.getByTestId('account-test')
    await expect.element(result).toMatchTextContent(/There is room/)
    await dialog.getByLabelText('Name').fill('One')
    await expect.element(result).toBeVisible()
    await dialog.getByPlaceholder('shop-berlin').fill('another')
    await expect.element(result).not.toBeInTheDocument()
  })

  it('asks before one is deleted', async () => {
    const { screen } = await accounts([{ method: 'DELETE', path: `${path}/account_1`, status: 204 }])
    await screen.getByRole('button', { name: 'Actions for Berlin shop' }).click()
    await screen.getByRole('menuitem', { name: 'Delete' }).click()
    await screen.getByRole('dialog', { name: 'Delete Berlin shop?' }).getByRole('button', { name: 'Delete' }).click()
    await expect.element(screen.getByRole('listitem', { name: 'Berlin shop' })).not.toBeInTheDocument()
    expect(await asked('DELETE', `${path}/account_1`)).toHaveLength(1)
  })
})
