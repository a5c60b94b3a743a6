import { describe, expect, it } from 'vitest'
import { addOption } from '../../../server/cli/commands/start.ts'
import { describeEnd, exitCodeOf } from '../../../server/cli/import-text.ts'
import { eventLine } from '../../../server/cli/printer.ts'
import { ProgressBar, duration, progressLine } from '../../../server/cli/progress-bar.ts'
import { safeLine, table } from '../../../server/cli/terminal-text.ts'
import type { ImportView, Ledger, Progress, StoredEvent } from '../../../shared/protocol/views.ts'
import { CommandLine } from './command-line.ts'

const ledger: Ledger = { total: 30_000, succeeded: 12_000, failed: 3, skipped: 0, notReached: 17_997 }
const progress: Progress = { percent: 40.9, done: 12_003, total: 30_000, unit: 'records', rate: 3210.4, etaMs: 5600 }
const event: StoredEvent = { seq: 1, at: '2026-11-21T10:11:12.345Z', type: 'log', level: 'warning', stream: 'a.json', message: 'late' }

describe('text from outside', () => {
  it.each([
    ['plain текст 😀', 'plain текст 😀'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007after', 'after'],
    ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001b[2J\u001b[Hgone\rover\b\b', 'goneover'],
    ['two\nlines\r\nthree\tfour', 'two ⏎ lines ⏎ three four'],
    ['gpj.\u202Etxt.exe\u2069', 'gpj.txt.exe'],
    ['\u009b31mC1\u0000', '31mC1'],
    ['\u001b', ''],
  ])('can do nothing to a terminal: %j', (text, safe) => {
    expect(safeLine(text)).toBe(safe)
  })
})

describe('a log line', () => {
  it('is plain and whole in a pipe', () => {
    expect(eventLine(event, {})).toBe('2026-11-21T10:11:12.345Z WARNING [a.json] late')
  })

  it.each([
    ['debug', '\u001b[2m'],
    ['info', ''],
    ['warning', '\u001b[33m'],
    ['error', '\u001b[31m'],
  ] as const)('has the colour of its level on a terminal: %s', (level, colour) => {
    const line = eventLine({ ...event, level }, { isTTY: true })
    expect(line).toBe(`${colour}10:11:12.345 ${level.toUpperCase().padEnd(7)} [a.json] late${colour && '\u001b[0m'}`)
  })

  it('has no colour for who wants none', () => {
    expect(eventLine(event, { isTTY: true, hasColors: () => false })).toBe('10:11:12.345 WARNING [a.json] late')
  })

  it('says a change of status', () => {
    expect(eventLine({ seq: 2, at: event.at, type: 'status', status: 'failed', message: 'It broke.' }, {})).toBe(
      `${event.at} INFO    status: failed. It broke.`,
    )
  })
})

describe('progress', () => {
  it('is a bar with its figures, no wider than the terminal', () => {
    expect(progressLine(progress, ledger, 100)).toBe('████████████░░░░░░░░░░░░░░░░░░ 40 %  12,003/30,000 records  3 failed  3,210/s  6 s left')
    expect(progressLine(progress, ledger, 40)).toBe('40 %  12,003/30,000 records  3 failed  ')
  })

  it('leaves out what is not known', () => {
    const unknown = { percent: null, done: 7, total: null, unit: 'bytes', rate: null, etaMs: null } as const
    expect(progressLine(unknown, { ...ledger, failed: 0 }, 100)).toBe('7 bytes')
  })

  it('is drawn in one place on a terminal, and taken away', () => {
    let text = ''
    const bar = new ProgressBar({ write: (piece) => (text += piece), isTTY: true, columns: 100 })
    bar.show(progress, ledger)
    bar.show(progress, ledger)
    bar.hide()
    bar.hide()
    expect(text).toBe(`\r\u001b[2K${progressLine(progress, ledger, 100)}\r\u001b[2K`)
  })

  it('is a line for each tenth and each step in a pipe', () => {
    let text = ''
    const bar = new ProgressBar({ write: (piece) => (text += piece) })
    const step = (name: string) => ({ name, index: 1, count: 2 })
    for (const percent of [0, 5, 9.9, 10, 10.1, 35, 30, 39]) bar.show({ ...progress, percent, step: step('reading') }, ledger)
    bar.show({ ...progress, percent: 39, step: step('checking') }, ledger)
    bar.hide()
    expect(text.split('\n').map((line) => line.replace(/,.*s left/, ''))).toEqual([
      'progress: 0 %, reading (1/2)',
      'progress: 10 %, reading (1/2)',
      'progress: 35 %, reading (1/2)',
      'progress: 39 %, checking (1/2)',
      '',
    ])
  })

  it.each([
    [400, '0 s'],
    [59_400, '59 s'],
    [60_000, '1:00 min'],
    [185_000, '3:05 min'],
    [7_385_000, '2:03:05 h'],
  ])('tells %i ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })
})

describe('the end of a run', () => {
  it.each([
    ['succeeded', 0],
    ['partly_failed', 3],
    ['failed', 1],
    ['cancelled', 1],
  ] as const)('is an exit code: %s is %i', (status, code) => {
    expect(exitCodeOf({ status } as ImportView)).toBe(code)
  })

  it('is a line with the whole ledger, and the reason', () => {
    const view = {
      status: 'partly_failed',
      ledger,
      startedAt: '2026-11-21T10:00:00.000Z',
      endedAt: '2026-11-21T10:01:05.000Z',
      error: { code: 'file_damaged', message: 'Cut\noff.' },
    }
    expect(describeEnd(view as ImportView)).toBe(
      'partly failed: 12,000 of 30,000 succeeded, 3 failed, 0 skipped, 17,997 not reached, in 1:05 min\nCut ⏎ off. (file_damaged)\n',
    )
  })
})

describe('tables and options', () => {
  it('line up their columns', () => {
    expect(
      table([
        ['ID', 'NAME'],
        ['12345', 'x'],
        ['1', 'long name'],
      ]),
    ).toBe('ID     NAME\n12345  x\n1      long name\n')
  })

  it.each<[string, unknown]>([
    ['mode=keep_going', { mode: 'keep_going' }],
    ['dryRun=true', { dryRun: true }],
    ['n=5', { n: 5 }],
    ['types=["a","b"]', { types: ['a', 'b'] }],
    ['text=a=b', { text: 'a=b' }],
    ['empty=', { empty: '' }],
  ])('are JSON where they can be: %s', (text, options) => {
    expect(addOption(text, { before: 1 })).toEqual({ before: 1, ...(options as object) })
  })
})

describe('wrong use', () => {
  const nobody = { INTAKE_URL: 'http://127.0.0.1:9' }
  const somebody = { ...nobody, INTAKE_LOGIN: 'a', INTAKE_PASSWORD: 'b' }

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no command', [], {}, /Usage: intake/],
    ['an unknown command', ['explode'], {}, /unknown command 'explode'/],
    ['a missing id', ['status'], {}, /missing required argument 'id'/],
    ['an unknown kind', ['start', 'magic', 'x'], {}, /It is one of restore/],
    ['a broken option', ['start', 'restore', 'x', '--option', 'oops'], {}, /must look like name=value/],
    ['an unknown level', ['logs', 'x', '--level', 'loud'], {}, /Allowed choices are debug, info, warning, error/],
    ['nobody', ['list'], nobody, /Say who you are/],
    ['no password', ['list', '--login', 'a'], nobody, /A password is missing/],
    ['an address that is none', ['list', '--url', 'localhost:3000'], somebody, /--url must be an address/],
    ['a file that is not there', ['start', 'restore', '/no/such/file'], somebody, /\/no\/such\/file can't be read: ENOENT/],
    ['a folder', ['start', 'restore', '/'], somebody, /can't be read: it is not a file/],
    ['no new password', ['users', 'add', 'ada'], somebody, /The new password is missing/],
  ])('ends with exit code 2: %s', async (_, args, env, message) => {
    const { code, err, out } = await new CommandLine(args, { env }).done
    expect(out + err).toMatch(message)
    expect(code).toBe(2)
  })

  it.each([['--help'], ['start', '--help']])('is not asking for help: %s', async (...args) => {
    const { code, out } = await new CommandLine(args).done
    expect(out).toMatch(/^Usage: intake/)
    expect(code).toBe(0)
  })

  it('is told from a server that does not answer, which is exit code 1', async () => {
    const { code, err } = await new CommandLine(['list'], { env: somebody }).done
    expect(err).toMatch(/^intake: There is no answer from http:\/\/127\.0\.0\.1:9: .* \(unavailable\)\n$/)
    expect(code).toBe(1)
  })

  it('is JSON when JSON is asked for', async () => {
    const { code, out, err } = await new CommandLine(['list', '--json'], { env: nobody }).done
    expect(JSON.parse(out)).toEqual({ error: { code: 'usage', message: expect.stringContaining('Say who you are') } })
    expect(err).toBe('')
    expect(code).toBe(2)
  })
})

describe('serve', () => {
  it.each([
    [0, 0],
    [7, 1],
  ])('ends as the server does: %i is %i', async (server, code) => {
    expect(await new CommandLine(['serve'], { serve: () => Promise.resolve(server) }).done).toMatchObject({ code })
  })
})
