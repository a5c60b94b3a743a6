import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { StoredEvent } from '../../../shared/protocol/views.ts'
import { CliServer } from './cli-server.ts'
import { jsonLines } from './command-line.ts'

const server = new CliServer()

it('intake start bulk delivers to accounts by their names, logs tells of one, trace knows a copy again', async () => {
  for (const name of ['North', 'South']) await server.intake('accounts', 'add', name, 'directory', '--address', `folder=${name}`)
  const file = path.join(server.folder, 'letter.pdf')
  await writeFile(file, '%PDF-1.4\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n')
  const started = await server.intake('start', 'bulk', file, '--option', 'accounts=North,South', '--follow')
  expect(started).toMatchObject({ code: 0 })
  const id = /bulk_[\w-]+/.exec(started.out)?.[0] ?? ''
  const logs = await server.intake('logs', id, '--stream', 'account/South')
  expect(logs.out).toContain('[account/South]')
  expect(logs.out).not.toContain('account/North')
  const deliveries = path.join(server.app.dataDir, 'deliveries', 'South')
  const [copy = ''] = await readdir(deliveries)
  expect(await server.intake('trace', path.join(deliveries, copy))).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^The copy of letter.pdf for South \(account_[\w-]+\), by the mark inside\. Run bulk_/),
  })
  expect(await server.intake('trace', file)).toMatchObject({ code: 1, out: expect.stringContaining('no copy') })
  expect(await server.intake('start', 'bulk', file)).toMatchObject({ code: 2, err: expect.stringContaining('--option accounts=') })
  expect(await server.intake('start', 'bulk', file, '--option', 'accounts=West')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no account West'),
  })
})

it('intake logs --file tells of one file, with --stream of one delivery', async () => {
  for (const name of ['Left', 'Right']) await server.intake('accounts', 'add', name, 'directory', '--address', `folder=${name}`)
  const files = ['one.txt', 'two.txt'].map((name) => path.join(server.folder, name))
  for (const file of files) await writeFile(file, `of ${file}`)
  const started = await server.intake('start', 'bulk', ...files, '--option', 'accounts=Left,Right', '--follow')
  const id = /bulk_[\w-]+/.exec(started.out)?.[0] ?? ''
  const told = async (...args: string[]) =>
    jsonLines<StoredEvent>((await server.intake('logs', id, '--json', '--file', '1', ...args)).out).map(({ stream, data }) => {
      const { delivery } = data as { delivery: { file: number; state: string } }
      return `${stream} ${delivery.file} ${delivery.state}`
    })
  const right = ['valid', 'copied', 'delivered', 'verified'].map((state) => `account/Right 1 ${state}`)
  expect(await told('--stream', 'account/Right')).toEqual(right)
  expect(await told('--stream', 'account/Right', '--follow')).toEqual(right)
  expect((await told()).toSorted()).toEqual([...right, ...right.map((line) => line.replace('Right', 'Left'))].toSorted())
  expect(await server.intake('logs', id, '--file', 'two.txt')).toMatchObject({ code: 2, err: expect.stringContaining('place of a file') })
})

it('intake start bulk sends folders: files of one name are told apart, and lie in their folders again', async () => {
  await server.intake('accounts', 'add', 'East', 'directory', '--address', 'folder=East')
  for (const year of ['2025', '2026']) {
    await mkdir(path.join(server.folder, 'letters', year), { recursive: true })
    await writeFile(path.join(server.folder, 'letters', year, 'x.txt'), `of ${year}`)
  }
  const template = 'nameTemplate={folder}/{name}-{short id}{ext}'
  const started = await server.intake(
    'start',
    'bulk',
    path.join(server.folder, 'letters'),
    '--option',
    'accounts=East',
    '--option',
    template,
    '--follow',
  )
  expect(started).toMatchObject({ code: 0 })
  const status = await server.intake('status', /bulk_[\w-]+/.exec(started.out)?.[0] ?? '')
  expect(status.out).toContain('letters/2025/x.txt')
  expect(status.out).toContain('letters/2026/x.txt')
  for (const year of ['2025', '2026']) {
    const folder = path.join(server.app.dataDir, 'deliveries', 'East', 'letters', year)
    const [copy = '', ...more] = await readdir(folder)
    expect(more).toEqual([])
    expect(await readFile(path.join(folder, copy), 'utf8')).toBe(`of ${year}`)
    expect((await server.intake('trace', path.join(folder, copy))).out).toContain(`letters/${year}/x.txt for East`)
  }
})
