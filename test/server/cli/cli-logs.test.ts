import path from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import { CliServer } from './cli-server.ts'
import { jsonLines } from './command-line.ts'

const server = new CliServer()

describe('status, list and logs', () => {
  it('say how an import stands', async () => {
    const id = await server.ended([{ end: 'partly_failed' }])
    const { out } = await server.intake('status', id)
    expect(out).toMatch(
      new RegExp(
        `^${id}  partly failed\n  table to Main database, by Administrator, .*\n  script-\\d+\\.json, \\d+ bytes\n  1 of 2 succeeded, 1 failed`,
      ),
    )
    expect(JSON.parse((await server.intake('status', id, '--json')).out)).toMatchObject({ id, status: 'partly_failed' })
  })

  it('list what the filters let through', async () => {
    const id = await server.ended([{ end: 'failed' }])
    const { out } = await server.intake('list', '--status', 'failed', '--limit', '1')
    expect(out).toMatch(new RegExp(`^ID .*STATUS .*TITLE\n${id}  failed  .*Main database`))
    expect(JSON.parse((await server.intake('list', '--json', '--q', id)).out)).toMatchObject({ total: 1, items: [{ id }] })
    expect((await server.intake('list', '--kind', 'bulk')).out).toBe('There is none.\n')
    expect(await server.intake('list', '--sort', 'colour')).toMatchObject({ code: 2, err: expect.stringContaining('sort') })
  })

  it('print a log over many pages, or a part of it', async () => {
    const id = await server.ended([{ lines: 2500 }, { log: 'odd', level: 'warning', stream: 's' }, { log: 'bad', level: 'error' }])
    const all = (await server.intake('logs', id)).out.trimEnd().split('\n')
    const events = jsonLines<StoredEvent>((await server.intake('logs', id, '--json')).out)
    expect(all.length).toBe(events.length)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    const messages = async (...args: string[]) =>
      jsonLines<StoredEvent>((await server.intake('logs', id, '--json', ...args)).out).map(({ message }) => message)
    expect(await messages('--level', 'warning')).toEqual(expect.arrayContaining(['odd', 'bad']))
    expect(await messages('--level', 'warning')).not.toContain('line 1 ')
    expect(await messages('--stream', 's')).toEqual(['odd'])
  })

  it('follow a log to its end', async () => {
    const gate = server.gates.make()
    const view = await server.started([{ log: 'odd', stream: 's' }, { log: 'even' }, { until: gate.file }, { log: 'late', stream: 's' }])
    const line = server.command(['logs', view.id, '--follow', '--stream', 's', '--json'])
    await line.out.until(/odd/)
    gate.open()
    const { code, out } = await line.done
    expect(jsonLines<StoredEvent>(out).map(({ message }) => message)).toEqual(['odd', 'late'])
    expect(code).toBe(0)
  })
})

describe('check-logs', () => {
  it('finds a whole log whole', async () => {
    const id = await server.ended([{ lines: 1500 }, { log: 'two\nlines\u001b[31m' }])
    const { code, out } = await server.intake('check-logs', id)
    expect(out).toMatch(/^The log is whole: 15\d\d events without a hole, the text log agrees, and so does the checksum \([0-9a-f]{16}…\)\.\n$/)
    expect(code).toBe(0)
  })

  it('can be asked while the run goes on', async () => {
    const gate = server.gates.make()
    const view = await server.started([{ lines: 3 }, { until: gate.file }])
    const line = server.command(['watch', view.id])
    await line.out.until(/line 3 /)
    expect(await server.intake('check-logs', view.id)).toMatchObject({ code: 0, out: expect.stringContaining('whole so far') })
    gate.open()
    await line.done
  })

  it.each([
    [
      'changed',
      `update import_event set message = 'line 2 !' where import_id = @id and message like 'line 2 %'`,
      /The checksum of the events is [0-9a-f]{64}; the import ended with/,
    ],
    ['lost', `delete from import_event where import_id = @id and message like 'line 2 %'`, /Event \d+ is missing/],
    [
      'lost at the end',
      `delete from import_event where import_id = @id and seq = (select max(seq) from import_event where import_id = @id)`,
      /says that event \d+ is there; the last that came is/,
    ],
  ])('finds an event that was %s', async (_, sql, problem) => {
    const id = await server.ended([{ lines: 3 }])
    const database = new Database(path.join(server.app.dataDir, 'intake.db'))
    expect(database.prepare(sql).run({ id }).changes).toBe(1)
    database.close()
    const { code, out } = await server.intake('check-logs', id)
    expect(out).toMatch(/^The log is NOT whole:\n/)
    expect(out).toMatch(problem)
    expect(code).toBe(1)
    expect(JSON.parse((await server.intake('check-logs', id, '--json')).out)).toMatchObject({
      importId: id,
      problems: expect.arrayContaining([expect.any(String)]),
    })
  })
})
