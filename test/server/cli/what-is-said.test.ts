import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { StartAnswer } from '../../../shared/protocol/views.ts'
import { eventually } from '../../support/eventually.ts'
import { CliServer } from './cli-server.ts'
import { CommandLine, jsonLines } from './command-line.ts'

const server = new CliServer()

describe('a run that waits for a person', () => {
  it('is told as that, with what it asks and how it goes on', async () => {
    const started = await server.intake('start', 'table', await server.scriptFile([{ hold: 'Much would go. Is that meant?' }]), '--json')
    const { id } = jsonLines<StartAnswer>(started.out)[0]!.import
    await eventually(async () => expect((await server.intake('status', id)).out).toContain(`${id}  waits for a person\n`))
    expect((await server.intake('status', id)).out).toContain(
      `  Much would go. Is that meant?\n  Go on: intake continue ${id}. Stop it: intake cancel ${id}\n`,
    )
    expect((await server.intake('list')).out).toMatch(new RegExp(`^${id} +waits for a person `, 'm'))
    expect(await server.intake('continue', id)).toMatchObject({ code: 0 })
    await eventually(async () => expect((await server.intake('status', id)).out).toContain(`${id}  succeeded\n`))
  })
})

describe('lists', () => {
  it('know a database by its name, and the end of their pages', async () => {
    const { out } = await server.intake('start', 'table', await server.scriptFile([{ log: 'x' }]), '--json')
    const { id } = jsonLines<StartAnswer>(out)[0]!.import
    expect((await server.intake('list', '--target', 'Main database')).out).toContain(id)
    expect((await server.intake('list', '--target', 'Other')).out).toBe('There is none.\n')
    expect((await server.intake('list', '--page', '99')).out).toMatch(/^There is none on this page; \d+ in all\.\n$/)
  })
})

describe('what is wrong', () => {
  it.each([
    ['with a start from 1C', ['start', 'commerce', 'package.json'], 'Say what is taken over from 1C: --types catalog prices stocks customers'],
    ['with a change of nothing', ['accounts', 'change', 'North'], 'Say what to change: --name, --address, --secret or --limit'],
    ['with a limit that there is none of', ['accounts', 'change', 'North', '--limit', 'concurency=2'], 'Unrecognized key: "concurency"'],
    [
      'with an address that has a part too many',
      ['accounts', 'add', 'South', 'directory', '--address', 'folder=s', '--address', 'prefx=a'],
      '"prefx"',
    ],
    ['with a login', ['users', 'add', 'two words', '--new-password', 'long enough words'], 'login: it has 1 to 150 letters, digits and signs of'],
  ])('is said with what to do: %s', async (_what, args, words) => {
    await server.intake('accounts', 'add', 'North', 'directory', '--address', 'folder=north')
    const { code, err } = await server.intake(...args)
    expect(err).toMatch(new RegExp(words))
    expect(code).toBe(2)
  })

  it('with a command is JSON too when JSON is asked for', async () => {
    for (const args of [
      ['status', '--json'],
      ['--json', 'nothing'],
      ['list', '--json', '--nothing'],
    ]) {
      const { code, out } = await new CommandLine(args).done
      expect({ code, error: jsonLines(out)[0] }).toMatchObject({
        code: 2,
        error: { error: { code: 'usage', message: expect.stringMatching(/^error: /) } },
      })
    }
  })

  it('with the server bears the id that finds it in its log', async () => {
    const broken = createServer((_request, response) => {
      response.statusCode = 500
      response.end(JSON.stringify({ error: { code: 'internal', message: 'Something went wrong.', requestId: 'the-request-7' } }))
    }).listen(0, '127.0.0.1')
    await once(broken, 'listening')
    const env = { INTAKE_URL: `http://127.0.0.1:${(broken.address() as AddressInfo).port}`, INTAKE_TOKEN: 'x' }
    expect((await new CommandLine(['status', 'x'], { env }).done).err).toBe('intake: Something went wrong. (internal, request id the-request-7)\n')
    expect(jsonLines((await new CommandLine(['status', 'x', '--json'], { env }).done).out)[0]).toMatchObject({
      error: { details: { requestId: 'the-request-7' } },
    })
    broken.close()
  })
})
