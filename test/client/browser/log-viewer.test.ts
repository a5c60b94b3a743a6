import { userEvent } from 'vitest/browser'
import { afterEach, describe, expect, it } from 'vitest'
import { defineComponent, h, ref, shallowRef } from 'vue'
import LogViewer from '../../../client/components/log/LogViewer.vue'
import type { LogSource } from '../../../client/log/log-source.ts'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import { cleanup, mount } from './mount.ts'

const event = (seq: number): StoredEvent => ({ seq, at: '2026-11-21T10:00:00.000Z', type: 'log', level: 'info', message: `line ${seq}` })
const source = (count: number, missing = 0): LogSource => ({ count, line: (index) => (index < missing ? undefined : event(index + 1)) })

/** The viewer with what surrounds it: whether it follows, and what it needs. */
async function view(first: LogSource) {
  const lines = shallowRef(first)
  const follow = ref(true)
  const needed: [number, number][] = []
  const component = defineComponent({
    render: () =>
      h(LogViewer, {
        source: lines.value,
        follow: follow.value,
        'onUpdate:follow': (next: boolean) => (follow.value = next),
        onNeed: (from: number, to: number) => void needed.push([from, to]),
      }),
  })
  const { screen } = await mount(component)
  const log = screen.getByRole('log', { name: 'Log of the run' })
  const shown = (): string[] => [...log.element().querySelectorAll('[data-testid=log-message]')].map((each) => each.textContent ?? '')
  return { screen, log, lines, follow, needed, shown }
}

describe('the log of a run on the page', () => {
  afterEach(() => cleanup())

  it('follows what comes', async () => {
    const { lines, shown } = await view(source(1000))
    await expect.poll(() => shown().at(-1)).toBe('line 1000')
    lines.value = source(1003)
    await expect.poll(() => shown().at(-1)).toBe('line 1003')
  })

  it('has few lines in the page, however many there are, and reaches each of them', async () => {
    const { log, shown } = await view(source(2_000_000))
    await expect.poll(() => shown().at(-1)).toBe('line 2000000')
    expect(shown().length).toBeLessThan(40)
    ;(log.element() as HTMLElement).focus()
    await userEvent.keyboard('{Home}')
    await expect.poll(() => shown()[0]).toBe('line 1')
    await userEvent.keyboard('{ArrowDown}{ArrowDown}')
    await expect.poll(() => shown()[0]).toBe('line 3')
    await userEvent.keyboard('{End}')
    await expect.poll(() => shown().at(-1)).toBe('line 2000000')
  })

  it('stays where it is read when the person has gone back, and follows again from the end', async () => {
    const { log, lines, follow, shown } = await view(source(5000))
    await expect.poll(() => shown().at(-1)).toBe('line 5000')
    ;(log.element() as HTMLElement).focus()
    await userEvent.keyboard('{PageUp}')
    await expect.poll(() => follow.value).toBe(false)
    const [top] = shown()
    lines.value = source(5100)
    await expect.poll(() => log.element().scrollHeight).toBeGreaterThan(5050 * 22)
    expect(shown()[0]).toBe(top)
    await userEvent.keyboard('{End}')
    await expect.poll(() => shown().at(-1)).toBe('line 5100')
    expect(follow.value).toBe(true)
  })

  it('asks for lines that are not here when they come into sight', async () => {
    const { log, needed, lines, shown } = await view(source(5000, 3000))
    ;(log.element() as HTMLElement).focus()
    await userEvent.keyboard('{Home}')
    await expect.poll(() => needed.at(-1)?.[0]).toBe(0)
    lines.value = source(5000)
    await expect.poll(() => shown()[0]).toBe('line 1')
  })

  it('shows tags and controls as text', async () => {
    const { log } = await view({ count: 1, line: () => ({ ...event(1), message: '<b>bold</b>\u202E \u001B[31mred\u001B[0m' }) })
    await expect.element(log).toMatchTextContent(/<b>bold<\/b>U\+202E red/)
    expect(log.element().querySelector('b')).toBeNull()
    expect(log.element().querySelector('.ansi-red')?.textContent).toBe('red')
    expect(log.element().getAttribute('dir')).toBe('ltr')
  })
})
