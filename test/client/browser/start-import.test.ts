import { userEvent } from 'vitest/browser'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import NewImportPage from '../../../client/pages/NewImportPage.vue'
import type { Prepared } from '../../support/fake-api.ts'
import { asked, prepare, release } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'
import { importView, target } from './views.ts'

const start = (answer: Omit<Prepared, 'method' | 'path'>): Prepared => ({ method: 'POST', path: '/api/imports', ...answer })
const going = (outcome: 'started' | 'joined'): Partial<Prepared> => ({
  status: outcome === 'started' ? 201 : 200,
  body: { outcome, import: importView({ status: 'succeeded' }), watch: { token: 'T'.repeat(43), expiresAt: '2126-11-21T00:00:00.000Z' } },
})
const refused = (status: number, code: string, details = {}): Partial<Prepared> => ({
  status,
  body: { error: { code, message: code, details, requestId: 'r' } },
})
const surroundings: Prepared[] = [
  { method: 'GET', path: '/api/targets', status: 200, body: { items: [target] } },
  { method: 'GET', path: '/api/imports', status: 200, body: { items: [], total: 1 } },
]

async function filledForm(answers: Partial<Prepared>[]) {
  await prepare([...surroundings, ...answers.map((answer) => start(answer))])
  const { screen, router } = await mount(NewImportPage, {}, '/imports/new')
  await expect.element(screen.getByRole('combobox', { name: 'Database' })).toHaveTextContent('Main database')
  await screen.getByLabelText('Choose files').upload(new File(['[]'], 'backup.json', { type: 'application/json' }))
  await expect.element(screen.getByRole('list', { name: 'Files' })).toBeVisible()
  return { screen, router, press: screen.getByRole('button', { name: 'Start import' }) }
}

const starts = async () => await asked('POST', '/api/imports')

describe('the form of a new import', () => {
  beforeEach(() => sessionStorage.clear())
  afterEach(() => cleanup())

  it('is sent once, however often Start is pressed', async () => {
    const { screen, router, press } = await filledForm([{ ...going('started'), held: true }])
    const button = press.element() as HTMLButtonElement
    button.click()
    button.click()
    button.form?.requestSubmit()
    await expect.element(screen.getByRole('button', { name: 'Starting…' })).toBeDisabled()
    await userEvent.keyboard('{Enter}')
    await release()
    await expect.poll(() => router.currentRoute.value.path).toBe(`/imports/${importView().id}`)
    expect(await starts()).toHaveLength(1)
  })

  it('sends kind, target and options before the file, under a key', async () => {
    const { screen, router, press } = await filledForm([going('started')])
    await screen.getByRole('radio', { name: 'Keep going' }).click()
    await screen.getByRole('switch', { name: 'Dry run' }).click()
    await screen.getByRole('button', { name: 'Start dry run' }).click()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/restore_')
    const [sent] = await starts()
    expect(sent?.idempotencyKey).toMatch(/^[0-9a-f]{32}$/)
    expect(sent?.text.match(/name="\w+"/g)).toEqual(['name="kind"', 'name="target"', 'name="options"', 'name="file"'])
    expect(sent?.text).toContain('{"mode":"keep_going","dryRun":true}')
    expect(press).toBeDefined()
  })

  it('keeps its key when no answer came, so that the next press joins what may have been started', async () => {
    const { screen, router, press } = await filledForm([{}, going('joined')])
    await press.click()
    await expect.element(screen.getByRole('alert')).toMatchTextContent(/it will not run twice/)
    await press.click()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/restore_')
    const [first, second] = await starts()
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey)
    await expect.element(screen.getByText('This import was already running. You are watching it now.').first()).toBeVisible()
  })

  it('has a new key after an answer that says that nothing was started', async () => {
    const { screen, router, press } = await filledForm([refused(415, 'unsupported_file'), going('started')])
    await press.click()
    await expect.element(screen.getByRole('alert')).toHaveTextContent('unsupported_file')
    await press.click()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/restore_')
    const [first, second] = await starts()
    expect(second?.idempotencyKey).not.toBe(first?.idempotencyKey)
  })

  it('has a new key when it was changed after an answer that never came', async () => {
    const { screen, router, press } = await filledForm([{}, going('started')])
    await press.click()
    await expect.element(screen.getByRole('alert')).toBeVisible()
    await screen.getByRole('radio', { name: 'Keep going' }).click()
    await press.click()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/restore_')
    const [first, second] = await starts()
    expect(second?.idempotencyKey).not.toBe(first?.idempotencyKey)
  })

  it('asks before the same is run again, and says so to the server', async () => {
    const { screen, router, press } = await filledForm([refused(409, 'recently_finished', { importId: 'restore_1_before' }), going('started')])
    await press.click()
    await expect.element(screen.getByRole('link', { name: 'Show that run' })).toHaveAttribute('href', '/imports/restore_1_before')
    await screen.getByRole('button', { name: 'Run again' }).click()
    await expect.poll(() => router.currentRoute.value.path).toContain('/imports/restore_')
    expect((await starts()).map(({ text }) => text.includes('"again":true'))).toEqual([false, true])
  })

  it('says what is missing instead of sending it', async () => {
    const { screen, press } = await filledForm([going('started')])
    await screen.getByRole('button', { name: 'Remove backup.json' }).click()
    await press.click()
    await expect.element(screen.getByText('Add at least one file.')).toBeVisible()
    expect(await starts()).toEqual([])
  })

  it('keeps a file once that was added twice', async () => {
    const { screen } = await filledForm([])
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File(['[1]'], 'twice.json', { lastModified: 1 }))
    const zone = screen.getByText('Drop files here or choose them').element()
    for (let time = 0; time < 2; time++) zone.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    await expect.poll(() => screen.getByRole('list', { name: 'Files' }).getByRole('listitem').elements().length).toBe(2)
  })
})
