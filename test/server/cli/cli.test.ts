import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { freePort } from '../../../scripts/testing/free-port.ts'
import type { ImportView, StartAnswer, StoredEvent } from '../../../shared/protocol/views.ts'
import { eventually } from '../../support/eventually.ts'
import { adminLogin, adminPassword, startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { CliServer } from './cli-server.ts'
import { CommandLine, asAdmin, jsonLines } from './command-line.ts'

const server = new CliServer()

describe('start', () => {
  it('uploads, follows to the end, and ends as the run does', async () => {
    const file = await server.scriptFile([
      { log: 'from \u001b[31ma\u001b[0m file', level: 'warning', stream: 'x' },
      { progress: 50, done: 5, total: 10 },
    ])
    const { code, out, err } = await server.intake('start', 'table', file, '--follow')
    expect(out).toMatch(/^Started\.\ntable_\d+_\S+ {2}(queued|running)\n {2}table to Main database, by Administrator, /)
    expect(out).toMatch(/^\S+Z INFO {4}status: running$/m)
    expect(out).toMatch(/^\S+Z WARNING \[x\] from a file$/m)
    expect(out).toMatch(/\nsucceeded: 3 of 3 succeeded, 0 failed, 0 skipped, 0 not reached, in \d+ s\n$/)
    expect(out + err).not.toContain('\u001b')
    expect(code).toBe(0)
  })

  it.each([
    ['succeeded', 0],
    ['partly_failed', 3],
    ['failed', 1],
  ] as const)('with --follow ends with the exit code of the outcome: %s is %i', async (end, code) => {
    expect(await server.intake('start', 'table', await server.scriptFile([{ end }]), '--follow')).toMatchObject({ code })
  })

  it('with --follow --json gives events without a hole and the end', async () => {
    const lines = jsonLines((await server.intake('start', 'table', await server.scriptFile([{ lines: 3000 }]), '--follow', '--json')).out)
    const last = (lines.at(-1) as { import: ImportView }).import
    expect(lines[0]).toMatchObject({ start: { outcome: 'started', import: { id: last.id } } })
    const events = lines.flatMap((line) => ('event' in line ? [line['event'] as StoredEvent] : []))
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: last.lastSeq }, (_, index) => index + 1))
    expect(last.status).toBe('succeeded')
  })

  it('shows a bar on a terminal, which leaves no trace', async () => {
    const gate = server.gates.make()
    const file = await server.scriptFile([{ progress: 50, done: 5, total: 10 }, { until: gate.file }])
    const line = server.command(['start', 'table', file, '--follow'], { terminal: true })
    await line.err.until(/█+░+ 50 % {2}5\/10 records/)
    gate.open()
    const { code, err } = await line.done
    expect(err).toMatch(/\r\u001b\[2K$/)
    expect(code).toBe(0)
  })

  it('passes options, and says what the server has against them', async () => {
    const view = (
      JSON.parse(
        (await server.intake('start', 'table', await server.scriptFile([]), '--json', '--option', 'a=1', '--option', 'b=x')).out,
      ) as StartAnswer
    ).import
    expect(view.options).toEqual({ a: 1, b: 'x' })
    const fixture = path.join(server.folder, 'empty.json')
    await writeFile(fixture, '[]')
    const { code, err } = await server.intake('start', 'restore', fixture, '--option', 'mode=wild')
    expect(err).toContain('mode')
    expect(code).toBe(2)
  })

  it('refuses a file that the kind can not take', async () => {
    const file = path.join(server.folder, 'picture.json')
    await writeFile(file, Buffer.from('89504e470d0a1a0a', 'hex'))
    const { code, err } = await server.intake('start', 'restore', file)
    expect(err).toMatch(/picture\.json.*\(unsupported_file\)/)
    expect(code).toBe(1)
  })

  it('keeps the name of a file, whatever it is made of', async () => {
    const file = path.join(server.folder, 'Копия "1" %22;\n.json')
    await writeFile(file, JSON.stringify([{ log: 'names' }]))
    const { out } = await server.intake('start', 'table', file, '--json')
    expect((JSON.parse(out) as StartAnswer).import.files[0]).toMatchObject({ name: expect.stringMatching(/^Копия .*1.*\.json$/), size: 17 })
  })

  it('says what the server says while the file is still under way', async () => {
    const small = await startApp({ MAX_UPLOAD_MB: '1' })
    try {
      const file = path.join(server.folder, 'large.json')
      await writeFile(file, Buffer.alloc(30 << 20, '['))
      const { code, err } = await new CommandLine(['start', 'table', file], { env: asAdmin(small.url) }).done
      expect(err).toMatch(/^intake: .*\(upload_too_large\)\n$/)
      expect(code).toBe(1)
    } finally {
      await small.close()
    }
  })

  it('joins what is under way already', async () => {
    const gate = server.gates.make()
    const file = await server.scriptFile([{ until: gate.file }])
    await server.intake('start', 'table', file)
    const { code, out } = await server.intake('start', 'table', file)
    gate.open()
    expect(out).toContain('joined it')
    expect(code).toBe(0)
  })

  it('finds the database by its name, and says which there are', async () => {
    const file = await server.scriptFile([])
    expect(await server.intake('start', 'table', file, '--target', 'Main database')).toMatchObject({ code: 0 })
    const { code, err } = await server.intake('start', 'table', file, '--target', 'Other')
    expect(err).toContain('There is no database Other. There is main (Main database).')
    expect(code).toBe(2)
  })
})

describe('watch', () => {
  it('goes on where it was when the server was away', async () => {
    const PORT = String(await freePort())
    const own = await startApp({ PORT })
    let now: TestApp | undefined
    const gate = server.gates.make()
    const env = asAdmin(own.url)
    try {
      const file = await server.scriptFile([{ lines: 5 }, { until: gate.file }, { lines: 5 }])
      const { import: view } = JSON.parse((await new CommandLine(['start', 'table', file, '--json'], { env }).done).out) as StartAnswer
      const line = new CommandLine(['watch', view.id, '--json'], { env })
      await line.out.until(/line 5 /)
      now = await own.restart()
      await line.err.until(/Connected again/)
      gate.open()
      const { code, out, err } = await line.done
      const seqs = jsonLines(out).flatMap((item) => ('event' in item ? [(item['event'] as StoredEvent).seq] : []))
      const end = (jsonLines(out).at(-1) as { import: ImportView }).import
      expect(seqs).toEqual(Array.from({ length: end.lastSeq }, (_, index) => index + 1))
      expect(end).toMatchObject({ status: 'succeeded', attempt: 2 })
      expect(err).toMatch(/Connection lost .*The run goes on/)
      expect(code).toBe(0)
    } finally {
      await (now ?? own).close()
    }
  })

  it('stops at Ctrl-C, and the run goes on', async () => {
    const gate = server.gates.make()
    const view = await server.started([{ lines: 1 }, { until: gate.file }])
    const line = server.command(['watch', view.id])
    await line.out.until(/line 1 /)
    line.interrupt()
    expect(await line.done).toMatchObject({ code: 130, err: expect.stringContaining(`The run goes on: intake watch ${view.id}`) })
    gate.open()
    expect(await server.intake('watch', view.id)).toMatchObject({ code: 0 })
  })

  it('says why when the right to watch is taken away', async () => {
    const gate = server.gates.make()
    const view = await server.started([{ lines: 1 }, { until: gate.file }])
    const line = server.command(['watch', view.id])
    await line.out.until(/line 1 /)
    await (await server.app.admin()).request('DELETE', `/api/imports/${view.id}/watch-tokens`)
    const { code, err } = await line.done
    gate.open()
    expect(err).toMatch(/The right to watch ended \(revoked\)\. The run goes on\. \(unauthenticated\)/)
    expect(code).toBe(1)
  })

  it('needs no more than a watch token', async () => {
    const { out } = await server.intake('start', 'table', await server.scriptFile([{ lines: 2 }]), '--json')
    const { import: view, watch } = JSON.parse(out) as StartAnswer
    const env = { INTAKE_URL: server.app.url, INTAKE_TOKEN: watch.token }
    expect(await new CommandLine(['watch', view.id], { env }).done).toMatchObject({ code: 0, out: expect.stringContaining('line 2') })
    expect(await new CommandLine(['check-logs', view.id], { env }).done).toMatchObject({ code: 0 })
    expect(await new CommandLine(['list'], { env }).done).toMatchObject({ code: 1, err: expect.stringContaining('(forbidden)') })
  })

  it('of what is not there fails', async () => {
    expect(await server.intake('watch', 'table_1_none')).toMatchObject({ code: 1, err: expect.stringContaining('(not_found)') })
  })
})

describe('cancel and retry', () => {
  it('stop a run, and make another attempt of it', async () => {
    const gate = server.gates.make()
    const view = await server.started([{ lines: 1 }, { until: gate.file }])
    const line = server.command(['watch', view.id])
    await line.out.until(/line 1 /)
    expect(await server.intake('cancel', view.id)).toMatchObject({ code: 0, out: expect.stringContaining(view.id) })
    expect(await line.done).toMatchObject({ code: 1, out: expect.stringMatching(/\ncancelled: /) })
    expect(await server.intake('cancel', view.id)).toMatchObject({ code: 1, err: expect.stringContaining('(wrong_state)') })
    gate.open()
    const { code, out } = await server.intake('retry', view.id, '--follow')
    expect(out).toContain('\nsucceeded: ')
    // The lines of the first attempt are not told again.
    expect(out.match(/line 1 /g)).toHaveLength(1)
    expect(code).toBe(0)
  })
})

describe('targets', () => {
  it('are listed, added, tested and removed', async () => {
    expect((await server.intake('targets')).out).toMatch(/^ID +NAME +ADDRESS\nmain +Main database +sqlite:/)
    const added = await server.intake('targets', 'add', 'Shop', 'sqlite:shop.db')
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('(Shop)') })
    expect(await server.intake('targets', 'test', 'Shop')).toMatchObject({ code: 0, out: expect.stringMatching(/^It answers: .*, 0 tables\.\n$/) })
    expect(await server.intake('start', 'table', await server.scriptFile([]))).toMatchObject({
      code: 2,
      err: expect.stringContaining('There are several databases'),
    })
    expect(await server.intake('targets', 'add', 'Bad', 'ftp://x')).toMatchObject({
      code: expect.any(Number),
      err: expect.stringMatching(/^intake: /),
    })
    expect(await server.intake('targets', 'remove', 'Shop')).toMatchObject({ code: 0 })
    expect(jsonLines<{ name: string }[]>((await server.intake('targets', 'list', '--json')).out)[0]!.map(({ name }) => name)).toEqual([
      'Main database',
    ])
  })
})

describe('users', () => {
  it('are added, disabled, enabled, given passwords and listed', async () => {
    expect(await server.intake('users', 'add', 'ada', '--name', 'Ada', '--new-password', 'a long password')).toMatchObject({
      code: 0,
      out: 'Added ada (staff).\n',
    })
    const asAda = { INTAKE_URL: server.app.url, INTAKE_LOGIN: 'ada', INTAKE_PASSWORD: 'a long password' }
    expect(await new CommandLine(['list'], { env: asAda }).done).toMatchObject({ code: 0 })
    expect(await new CommandLine(['users'], { env: asAda }).done).toMatchObject({ code: 1, err: expect.stringContaining('(forbidden)') })
    expect((await server.intake('users', 'disable', 'ada')).out).toBe('ada: disabled.\n')
    expect((await server.intake('users')).out).toMatch(/ada +Ada +staff +disabled\n/)
    expect(await new CommandLine(['list'], { env: asAda }).done).toMatchObject({ code: 1 })
    expect((await server.intake('users', 'enable', 'ada')).out).toBe('ada: enabled.\n')
    expect(await server.command(['users', 'passwd', 'ada'], { answers: ['another password'] }).done).toMatchObject({
      code: 0,
      out: 'ada: has a new password.\n',
    })
    expect(await new CommandLine(['list'], { env: { ...asAda, INTAKE_PASSWORD: 'another password' } }).done).toMatchObject({ code: 0 })
    expect(await server.intake('users', 'disable', 'nobody')).toMatchObject({ code: 2, err: expect.stringContaining('There is no user nobody') })
    expect(await server.intake('users', 'add', 'bob', '--new-password', 'short')).toMatchObject({ code: 2, err: expect.stringContaining('password') })
  })
})

describe('who it is', () => {
  it('is asked for at a terminal', async () => {
    const line = new CommandLine(['list', '--url', server.app.url], { answers: [adminLogin, adminPassword] })
    expect(await line.done).toMatchObject({ code: 0, err: `Login: Password of ${adminLogin}: ` })
  })

  it('leaves no login behind, not even at Ctrl-C', async () => {
    const database = new Database(path.join(server.app.dataDir, 'intake.db'))
    const open = () => database.prepare('select count(*) as open from login_session').get()
    const before = open()
    await server.intake('list')
    const gate = server.gates.make()
    const line = server.command(['start', 'table', await server.scriptFile([{ lines: 1 }, { until: gate.file }]), '--follow'])
    await line.out.until(/line 1 /)
    expect(open()).not.toEqual(before)
    line.interrupt()
    await line.done
    gate.open()
    // Who waits for the server's word on it does so for two seconds at most.
    await eventually(() => expect(open()).toEqual(before))
    database.close()
  })

  it('is refused with a wrong password', async () => {
    expect(await server.intake('list', '--password', 'wrong wrong wrong')).toMatchObject({ code: 1, err: expect.stringContaining('(login_failed)') })
  })

  it('is told from a server that is not Intake', async () => {
    expect(await server.intake('list', '--url', `${server.app.url}/nothing`)).toMatchObject({ code: 1, err: expect.stringMatching(/^intake: /) })
  })
})

describe('the program itself', () => {
  const main = fileURLToPath(new URL('../../../server/cli/main.ts', import.meta.url))

  it('starts a server that ends with it', async () => {
    const dataDir = path.join(server.folder, 'served')
    const child = spawn(process.execPath, [main, 'serve'], {
      env: { ...process.env, PORT: '0', DATA_DIR: dataDir, ADMIN_PASSWORD: adminPassword, LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let url: string | undefined
    let text = ''
    for await (const piece of child.stdout) {
      text += String(piece)
      url = /listening on (http:\S+)/.exec(text)?.[1]
      if (url !== undefined) break
    }
    const list = spawn(process.execPath, [main, 'list', '--json', '--url', url!], {
      env: { ...process.env, ...asAdmin(url!) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let listed = ''
    for await (const piece of list.stdout) listed += String(piece)
    expect(JSON.parse(listed)).toEqual({ items: [], total: 0 })
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    await expect(fetch(url!)).rejects.toThrow('fetch failed')
  })
})
