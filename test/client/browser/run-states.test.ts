import { afterEach, describe, expect, it } from 'vitest'
import { runSteps } from '../../../client/commerce/run-steps.ts'
import EntityReport from '../../../client/components/import/EntityReport.vue'
import ImportHeader from '../../../client/components/import/ImportHeader.vue'
import ProgressPanel from '../../../client/components/import/ProgressPanel.vue'
import RejectedTable from '../../../client/components/import/RejectedTable.vue'
import ResultPanel from '../../../client/components/import/ResultPanel.vue'
import StepTrack from '../../../client/components/import/StepTrack.vue'
import ActiveRunList from '../../../client/components/shell/ActiveRunList.vue'
import HoldQuestion from '../../../client/pages/HoldQuestion.vue'
import { useNotifications } from '../../../client/stores/notifications.ts'
import { useSession } from '../../../client/stores/session.ts'
import type { Hold } from '../../../shared/protocol/views.ts'
import { asked, prepare, release } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'
import { heldView, me, receivingView, importView } from './views.ts'

const run = heldView()
const path = (what: string): string => `/api/imports/${run.id}/${what}`
const refusal = { error: { code: 'wrong_state', message: 'This run does not wait for anybody’s word.', requestId: 'r' } }

async function question(answers: Parameters<typeof prepare>[0], hold: Hold = run.hold!) {
  await prepare([{ method: 'GET', path: '/api/me', status: 200, body: me }, ...answers])
  const { screen } = await mount(HoldQuestion, { view: run, hold }, '/imports/x')
  await useSession().check()
  return { screen, go: screen.getByRole('button', { name: 'Continue' }), stop: screen.getByRole('button', { name: 'Cancel import' }) }
}

describe('a run that waits for a person', () => {
  afterEach(() => cleanup())

  it('says in words what it would do', async () => {
    const { screen } = await question([])
    await expect.element(screen.getByTestId('hold')).toMatchTextContent(/48 of 72 prices would move by more than 30%\..*66\.6%/)
    await expect.element(screen.getByTestId('hold')).not.toMatchTextContent(/products/)
  })

  it('says what the server said when it has no words of its own', async () => {
    const { screen } = await question([], { reason: 'confirm', message: 'Is the moon made of cheese?', figures: { moon: 1 } })
    await expect.element(screen.getByText('Is the moon made of cheese?')).toBeVisible()
  })

  it('goes on by one press, after which both buttons are locked', async () => {
    const { go, stop } = await question([{ method: 'POST', path: path('continue'), status: 200, body: { import: run }, held: true }])
    const button = go.element() as HTMLButtonElement
    button.click()
    button.click()
    await expect.element(go).toBeDisabled()
    await expect.element(stop).toBeDisabled()
    await release()
    await expect.poll(async () => (await asked('POST', path('continue'))).length).toBe(1)
    await expect.element(go).toBeDisabled()
  })

  it('is cancelled by the other, and asks again when that went wrong', async () => {
    const { screen, go, stop } = await question([{ method: 'POST', path: path('cancel'), status: 409, body: refusal }])
    await stop.click()
    await expect.element(screen.getByRole('alert')).toMatchTextContent(/does not wait/)
    await expect.element(go).toBeEnabled()
    await expect.element(stop).toBeEnabled()
  })

  it('can only be looked at by who is not logged in', async () => {
    await prepare([])
    const { screen } = await mount(HoldQuestion, { view: run, hold: run.hold }, '/imports/x')
    await expect.element(screen.getByText('Log in to decide.')).toBeVisible()
    expect(screen.getByRole('button', { name: 'Continue' }).elements()).toEqual([])
  })

  it('is told by a notice', async () => {
    const { screen } = await mount(ImportHeader, { view: run, linked: true })
    useNotifications().tell({ type: 'waits', import: run })
    await expect.element(screen.getByRole('button', { name: 'Show' })).toBeVisible()
    await expect.element(screen.getByTestId('status')).toHaveTextContent('Waiting for a person')
  })

  it('has a badge of its own among the runs of now, and no percentage', async () => {
    const { screen } = await mount(ActiveRunList, { runs: [run, receivingView()] })
    await expect.element(screen.getByText('Waiting for a person')).toBeVisible()
    await expect.element(screen.getByText('35 MB')).toBeVisible()
    expect(screen.container.textContent).not.toContain('%')
  })
})

describe('what else a run can be', () => {
  afterEach(() => cleanup())

  it('receiving: bytes that grow, and no percentage even if someone sent one', async () => {
    const view = receivingView()
    const { screen } = await mount(ProgressPanel, { view: { ...view, progress: { ...view.progress, percent: 80 } } })
    await expect.element(screen.getByTestId('percent')).toHaveTextContent('35 MB')
    await expect.element(screen.getByText('Receiving files from 1C')).toBeVisible()
    expect(screen.container.textContent).not.toContain('%')
  })

  it('resuming: neither speed nor time left are told', async () => {
    const { screen } = await mount(ProgressPanel, { view: importView({ status: 'resuming' }) })
    await expect.element(screen.getByText('The worker was lost. The run resumes by itself.')).toBeVisible()
    expect(screen.container.textContent).not.toContain('250/s')
  })

  it('in its steps: which is done, which runs and how far, which is to come', async () => {
    const view = importView({ kind: 'commerce', types: ['prices', 'catalog'] })
    view.progress.step = { name: 'catalog', index: 2, count: 3 }
    const { screen } = await mount(StepTrack, { steps: runSteps(view), progress: view.progress })
    const items = screen.getByRole('list', { name: 'Steps' }).getByRole('listitem')
    expect(items.elements().map((item) => (item as HTMLElement).innerText.replaceAll(/\s+/g, ' ').trim())).toEqual([
      'Check the files Done',
      'Catalog 425 of 1,000',
      '3 Prices To do',
    ])
    await expect.element(items.nth(1)).toHaveAttribute('aria-current', 'step')
  })

  it('over: a table of what became of each entity', async () => {
    const rows = [
      { entity: 'products', created: 18, changed: 0, unchanged: 2, deleted: 1, rejected: 0 },
      { entity: 'prices', created: 1072, changed: 4, unchanged: 0, deleted: 0, rejected: 3 },
    ]
    const { screen } = await mount(EntityReport, { rows })
    await expect.element(screen.getByRole('row', { name: /^Prices/ })).toMatchTextContent(/1,072.*4.*0.*0.*3/)
    await expect.element(screen.getByRole('row', { name: /^In all/ })).toMatchTextContent(/1,090/)
    await expect.element(screen.getByText(/no row was written/)).not.toBeInTheDocument()
  })

  it('over, with nothing new', async () => {
    const { screen } = await mount(EntityReport, { rows: [{ entity: 'products', created: 0, changed: 0, unchanged: 20, deleted: 0, rejected: 0 }] })
    await expect.element(screen.getByText('Everything was as it is already: no row was written.')).toBeVisible()
  })

  it.each([
    { locale: 'en' as const, name: 'The database is in use' },
    { locale: 'ru' as const, name: 'База занята' },
    { locale: 'ar' as const, name: 'قاعدة البيانات مشغولة' },
  ])('failed: what kind of reason, in the words of $locale, and what the server says of it', async ({ locale, name }) => {
    const error = { code: 'target_locked' as const, message: 'Another program is writing to this database file.' }
    const { screen } = await mount(ResultPanel, { view: importView({ status: 'failed', error }) }, '/', locale)
    await expect.element(screen.getByTestId('reason-name')).toHaveTextContent(name)
    await expect.element(screen.getByTestId('reason')).toMatchTextContent(error.message)
  })

  it('cancelled: what was said, of which there is no kind', async () => {
    const error = { code: 'cancelled' as const, message: 'anna asked for it.' }
    const { screen } = await mount(ResultPanel, { view: importView({ status: 'cancelled', error }) })
    await expect.element(screen.getByTestId('reason')).toHaveTextContent('anna asked for it.')
    expect(screen.getByTestId('reason-name').elements()).toEqual([])
  })

  it('partly failed: a bulk upload counts what was stopped with its account', async () => {
    const ledger = { total: 9, succeeded: 6, failed: 0, skipped: 0, notReached: 3 }
    const { screen } = await mount(ResultPanel, { view: importView({ kind: 'bulk', status: 'partly_failed', ledger }) })
    await expect.element(screen.getByTestId('result')).toMatchTextContent(/3 deliveries failed/)
  })

  it('partly failed: records of 1C with their Ид, file and line', async () => {
    const record = {
      file: 'offers.xml',
      record: 7,
      byte: 900,
      line: 31,
      model: 'price type',
      key: 'a-b-c',
      code: 'value_invalid',
      reason: 'no number',
    }
    const { screen } = await mount(RejectedTable, { records: [record], kind: 'commerce', severalFiles: true })
    await expect.element(screen.getByRole('row', { name: /offers\.xml/ })).toMatchTextContent(/offers\.xml.*31.*Price type.*a-b-c.*no number/)
    await expect.element(screen.getByRole('columnheader', { name: 'Id in 1C (Ид)' })).toBeVisible()
  })
})
