import axe from 'axe-core'
import { page, userEvent } from 'vitest/browser'
import { afterEach, describe, expect, it } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import { DeliveryBoard } from '../../../client/bulk/delivery-board.ts'
import { accountLines, fileLines } from '../../../client/bulk/matrix-line.ts'
import DeliveryFacts from '../../../client/components/bulk/DeliveryFacts.vue'
import DeliveryMatrix from '../../../client/components/bulk/DeliveryMatrix.vue'
import MatrixToolbar from '../../../client/components/bulk/MatrixToolbar.vue'
import type { DeliveryState, DeliveryView } from '../../../shared/protocol/views.ts'
import { cleanup, mount } from './mount.ts'

const delivery = (account: number, file: number, state: DeliveryState): DeliveryView => ({
  account: `account_${account}`,
  file,
  state,
  attempts: 1,
  bytes: 0,
  size: 1000,
})

/** A matrix of so many accounts and files, all waiting, with its board. */
async function matrixOf(accounts: number, files: number, turned = false) {
  const board = new DeliveryBoard(
    Array.from({ length: accounts }, (_none, at) => ({ id: `account_${at}`, name: `Account ${at + 1}`, driver: 'sftp' as const })),
    files,
  )
  const version = ref(0)
  const opened: { account: number; file: number }[] = []
  const named: number[] = []
  const across = accountLines(board.accounts)
  const down = fileLines(Array.from({ length: files }, (_none, at) => ({ name: `file-${at + 1}.mp4`, size: 1000, sha256: '' })))
  const component = defineComponent({
    render: () =>
      h(DeliveryMatrix, {
        board,
        version: version.value,
        rows: turned ? down : across,
        columns: turned ? across : down,
        onOpen: (place: { account: number; file: number }) => void opened.push(place),
        onAccount: (account: number) => void named.push(account),
      }),
  })
  const { screen } = await mount(component)
  const grid = screen.getByRole('grid', { name: 'Accounts and files' })
  await expect.poll(() => grid.element().querySelectorAll('[role=gridcell]').length).toBeGreaterThan(0)
  const change = (...changed: DeliveryView[]): void => {
    board.take({ lastSeq: 1, deliveries: changed })
    version.value++
  }
  const focus = (): void => (grid.element() as HTMLElement).focus()
  const here = (): string => document.getElementById(grid.element().getAttribute('aria-activedescendant') ?? '')?.ariaLabel ?? ''
  const cells = (): number => grid.element().querySelectorAll('[role=gridcell]').length
  return { screen, grid, board, version, change, focus, here, cells, opened, named }
}

const violations = async (): Promise<string[]> =>
  (await axe.run(document.body, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations.map(({ id, nodes }) =>
    [id, ...nodes.map(({ html }) => html.slice(0, 200))].join(' '),
  )

describe('the matrix of accounts and files', () => {
  afterEach(() => cleanup())

  it.each([
    { accounts: 500, files: 20, turned: false, last: 'Account 500, file-20.mp4: Waiting' },
    { accounts: 20, files: 200, turned: true, last: 'file-200.mp4, Account 20: Waiting' },
    { accounts: 4, files: 10_000, turned: true, last: 'file-10000.mp4, Account 4: Waiting' },
  ])('has few cells in the page of $accounts accounts × $files files, and reaches each by keys', async ({ accounts, files, turned, last }) => {
    const { grid, focus, here, cells } = await matrixOf(accounts, files, turned)
    expect(cells()).toBeLessThan(600)
    expect(grid.element().getAttribute('aria-rowcount')).toBe(String((turned ? files : accounts) + 1))
    focus()
    await userEvent.keyboard('{Control>}{End}{/Control}')
    await expect.poll(here).toBe(last)
    expect(cells()).toBeLessThan(600)
    const { bottom, right } = document.getElementById(grid.element().getAttribute('aria-activedescendant') ?? '')!.getBoundingClientRect()
    const box = grid.element().getBoundingClientRect()
    expect(bottom).toBeLessThanOrEqual(box.bottom + 1)
    expect(right).toBeLessThanOrEqual(box.right + 1)
    await userEvent.keyboard('{Control>}{Home}{/Control}')
    await expect.poll(here).toMatch(turned ? /^file-1\.mp4, Account 1:/ : /^Account 1, file-1\.mp4:/)
  })

  it('moves by arrows, and opens what it stands on', async () => {
    const { focus, here, opened, named } = await matrixOf(3, 4)
    focus()
    await userEvent.keyboard('{ArrowRight}{ArrowDown}{ArrowDown}{ArrowLeft}{ArrowRight}')
    await expect.poll(here).toBe('Account 3, file-2.mp4: Waiting')
    await userEvent.keyboard('{Enter}{End} ')
    expect(opened).toEqual([
      { account: 2, file: 1 },
      { account: 2, file: 3 },
    ])
    // Before the first column stands the name, which opens the log of the account.
    await userEvent.keyboard('{Home}{ArrowLeft}{Enter}')
    expect(named).toEqual([2])
  })

  it('goes the other way where people read from right to left', async () => {
    document.documentElement.dir = 'rtl'
    const { focus, here } = await matrixOf(3, 40)
    focus()
    await userEvent.keyboard('{ArrowLeft}{ArrowLeft}')
    await expect.poll(here).toBe('Account 1, file-3.mp4: Waiting')
    await userEvent.keyboard('{End}')
    await expect.poll(here).toBe('Account 1, file-40.mp4: Waiting')
    document.documentElement.dir = 'ltr'
  })

  it('shows each change where it belongs, and how far one is that is being sent', async () => {
    const { screen, board, version, change } = await matrixOf(3, 3)
    change(delivery(0, 0, 'verified'), delivery(1, 0, 'failed'), delivery(1, 2, 'copied'))
    await expect.element(screen.getByRole('gridcell', { name: 'Account 1, file-1.mp4: Delivered' })).toBeVisible()
    await expect.element(screen.getByRole('gridcell', { name: 'Account 2, file-1.mp4: Failed' })).toBeVisible()
    await expect.element(screen.getByRole('rowheader', { name: /Account 2/ })).toMatchTextContent(/Account 2.*Failed1.*0\/3/)
    await expect.element(screen.getByRole('columnheader', { name: /file-1/ })).toMatchTextContent(/1\/3/)
    board.setSending([{ account: 'account_1', file: 2, bytes: 999, size: 1000 }])
    version.value++
    const sent = screen.getByRole('gridcell', { name: 'Account 2, file-3.mp4: Sending 99%' })
    await expect.element(sent).toHaveTextContent('99%')
    change(delivery(1, 2, 'delivered'))
    await expect.element(screen.getByRole('gridcell', { name: 'Account 2, file-3.mp4: Sent, being verified' })).toBeVisible()
  })

  it.each(['light', 'dark'])('can be read and used by everyone in the %s theme, on a phone as well', async (theme) => {
    document.documentElement.classList.toggle('dark', theme === 'dark')
    const { board, change } = await matrixOf(12, 30)
    const states = ['waiting', 'valid', 'copied', 'delivered', 'verified', 'failed', 'stopped', 'skipped'] as const
    change(...states.map((state, file) => delivery(0, file, state)))
    expect(await violations()).toEqual([])
    await page.viewport(360, 800)
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
    expect(await violations()).toEqual([])
    await page.viewport(1280, 860)
    cleanup()
    await mount(MatrixToolbar, { tally: board.totals, version: 1, mayRetry: true, busy: false, failures: true })
    expect(await violations()).toEqual([])
    cleanup()
    const failed = { ...delivery(0, 0, 'failed'), path: 'a.mp4', error: { code: 'destination_refused', message: 'No.' } }
    const { screen } = await mount(DeliveryFacts, { delivery: failed, shown: 'failed', share: null })
    await expect.element(screen.getByTestId('delivery-error')).toMatchTextContent(/No\..*Look at the rights/)
    expect(await violations()).toEqual([])
  })
})
