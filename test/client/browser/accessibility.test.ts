import axe from 'axe-core'
import { page } from 'vitest/browser'
import { afterEach, describe, expect, it } from 'vitest'
import ConnectionBanner from '../../../client/components/import/ConnectionBanner.vue'
import { runSteps } from '../../../client/commerce/run-steps.ts'
import EntityReport from '../../../client/components/import/EntityReport.vue'
import HoldCard from '../../../client/components/import/HoldCard.vue'
import ImportHeader from '../../../client/components/import/ImportHeader.vue'
import LedgerBar from '../../../client/components/import/LedgerBar.vue'
import ProgressPanel from '../../../client/components/import/ProgressPanel.vue'
import RejectedTable from '../../../client/components/import/RejectedTable.vue'
import ResultPanel from '../../../client/components/import/ResultPanel.vue'
import StepTrack from '../../../client/components/import/StepTrack.vue'
import LogRow from '../../../client/components/log/LogRow.vue'
import CommerceForm from '../../../client/components/new-import/CommerceForm.vue'
import AccountForm from '../../../client/components/accounts/AccountForm.vue'
import ActiveRunList from '../../../client/components/shell/ActiveRunList.vue'
import ExchangeForm from '../../../client/components/users/ExchangeForm.vue'
import AccountsPage from '../../../client/pages/AccountsPage.vue'
import HistoryPage from '../../../client/pages/HistoryPage.vue'
import LoginPage from '../../../client/pages/LoginPage.vue'
import NewImportPage from '../../../client/pages/NewImportPage.vue'
import TargetsPage from '../../../client/pages/TargetsPage.vue'
import type { RejectedRecord } from '../../../shared/protocol/views.ts'
import { sessionStatuses } from '../../../shared/session-status.ts'
import { prepare } from './fake-api-client.ts'
import { cleanup, mount } from './mount.ts'
import { account, heldView, importView, receivingView, target } from './views.ts'

const record: RejectedRecord = { file: 'a.json', record: 7, byte: 0, code: 'value_invalid', reason: 'not a number', model: 'a.b', key: '7' }
const ended = importView({ status: 'failed', error: { code: 'record_invalid', message: 'record 7 is not valid' } })
const line = (level: 'debug' | 'info' | 'warning' | 'error') => ({
  event: { seq: 1, at: '2026-11-21T10:00:00.000Z', type: 'log', level, stream: 'a.json', message: '\u001B[33mtext\u001B[0m' },
})

const inSteps = importView({ kind: 'commerce', types: ['catalog', 'prices', 'stocks'] })
inSteps.progress.step = { name: 'prices', index: 3, count: 4 }
const figures = { created: 1, changed: 2, unchanged: 3, deleted: 4, rejected: 5 }
const exchange = { target: 'main', types: ['prices'], source: '1c' }
const chosen = { types: ['prices', 'catalog'], guard: true }

const sftp = account({ driver: 'sftp', address: { host: 'a.example', port: 22, user: 'b', readBack: true }, secrets: ['password'] })

const components = [
  { name: 'the figures of a run', component: ProgressPanel, props: { view: importView() } },
  { name: 'the ledger', component: LedgerBar, props: { ledger: importView().ledger } },
  { name: 'a result', component: ResultPanel, props: { view: ended } },
  { name: 'a lost connection', component: ConnectionBanner, props: { state: 'offline', view: importView(), revoked: false } },
  { name: 'rejected records', component: RejectedTable, props: { records: [record], kind: 'restore', severalFiles: true } },
  { name: 'the steps of a run', component: StepTrack, props: { steps: runSteps(inSteps), progress: inSteps.progress } },
  { name: 'what became of each entity', component: EntityReport, props: { rows: [{ entity: 'prices', ...figures }] } },
  { name: 'files that arrive', component: ProgressPanel, props: { view: receivingView() } },
  {
    name: 'a question to a person',
    component: HoldCard,
    props: { hold: heldView().hold, view: heldView(), pressed: null, error: 'no', mayAnswer: true },
  },
  { name: 'runs of now', component: ActiveRunList, props: { runs: [heldView(), receivingView(), importView({ status: 'resuming' })] } },
  { name: 'the choice of an import from 1C', component: CommerceForm, props: { modelValue: chosen, disabled: false, missing: true } },
  {
    name: 'the settings of the exchange',
    component: ExchangeForm,
    props: { given: exchange, address: 'https://intake.example/exchange/1c', targets: [target], busy: false, error: 'no' },
  },
  {
    name: 'the form of an account',
    component: AccountForm,
    props: { account: sftp, busy: false, testing: false, result: { ok: false, error: { code: 'internal', message: 'no' } }, error: 'no' },
  },
  { name: 'the head of a run that waits', component: ImportHeader, props: { view: heldView(), linked: true } },
  { name: 'a warning in the log', component: LogRow, props: line('warning') },
  { name: 'an error in the log', component: LogRow, props: line('error') },
  { name: 'a debug line in the log', component: LogRow, props: line('debug') },
  ...sessionStatuses.map((status) => ({
    name: `the head of a run that is ${status}`,
    component: ImportHeader,
    props: { view: importView({ status }), linked: true },
  })),
]
const pages = [
  { name: 'the login', component: LoginPage, ready: 'Log in to Intake' },
  { name: 'a new import', component: NewImportPage, ready: 'New import' },
  { name: 'the history', component: HistoryPage, ready: 'Imports' },
  { name: 'the databases', component: TargetsPage, ready: 'Databases' },
  { name: 'the accounts', component: AccountsPage, ready: 'Accounts' },
]

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any.map(({ message }) => message).join()}`))
}

describe.each(['light', 'dark'])('in the %s theme', (theme) => {
  afterEach(() => cleanup())

  it.each(components)('$name can be read and used by everyone', async ({ component, props }) => {
    document.documentElement.classList.toggle('dark', theme === 'dark')
    await mount(component, props)
    expect(await violations()).toEqual([])
  })

  it.each(pages)('$name can be read and used by everyone, on a phone as well', async ({ component, ready }) => {
    document.documentElement.classList.toggle('dark', theme === 'dark')
    await prepare([
      { method: 'GET', path: '/api/targets', status: 200, body: { items: [target] } },
      { method: 'GET', path: '/api/accounts', status: 200, body: { items: [account(), sftp] } },
      { method: 'GET', path: '/api/imports', status: 200, body: { items: [importView(), ended], total: 2 } },
    ])
    const { screen } = await mount(component)
    await expect.element(screen.getByRole('heading', { name: ready })).toBeVisible()
    for (const width of [1280, 360]) {
      await page.viewport(width, 800)
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width)
      expect(await violations()).toEqual([])
    }
  })
})
