import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { paths } from '../shared/protocol/paths.ts'
import type { StartAnswer } from '../shared/protocol/views.ts'
import type { ApiClient } from '../test/support/api-client.ts'
import { addAccount, addFolder } from '../test/support/bulk.ts'
import { ServerProcess } from '../test/support/server-process.ts'
import { uploadWhole } from '../test/support/tus.ts'
import { median } from './median.ts'

const run = promisify(execFile)
const mebi = 1024 * 1024
const folders = 4
const here = path.join(import.meta.dirname, 'bulk')

type Measured = { seconds: number; growth: number; before: number }

/**
 * `npm run bench -- bulk [MIB] [FILES] [ROUNDS]`: so many MiB in so many files to four folders, against `cp` (alone, and with `sync`, since Intake says of a file
 * that it arrived when it is safe) and against the same work on the bytes without Intake; and to an S3 store, against the same client without Intake. What is
 * measured is the run, not the upload before it. A run of eight small files comes first and is not counted: a server that was just started has not compiled and
 * loaded what runs need. Before each that writes to folders, as much is written and removed: memory that a virtual machine has not used for a while is several
 * times as slow the first time, and whoever came first would pay for all.
 */
async function bulk(args: string[]): Promise<void> {
  const [size = 1024, files = 64, rounds = 3] = args.map(Number)
  const dir = await mkdtemp(path.join(tmpdir(), 'intake-bench-'))
  const sink = spawn(process.execPath, [path.join(here, 's3-sink.ts')], { stdio: ['ignore', 'pipe', 'inherit'] })
  const server = await ServerProcess.start({
    DATA_DIR: path.join(dir, 'data'),
    LOG_LEVEL: 'warn',
    DESTINATION_HOSTS: '127.0.0.1',
    KEEP_UPLOADS_DAYS: '0',
  })
  try {
    const [said] = (await once(sink.stdout, 'data')) as [Buffer]
    const port = said.toString().trim().split(' ').at(-1)!
    const source = path.join(dir, 'source')
    await mkdir(source)
    for (let file = 0; file < files; file++) await writeFile(path.join(source, `file-${file}.dat`), randomBytes(Math.floor((size * mebi) / files)))
    const api = await server.admin()
    const accounts = await Promise.all(Array.from({ length: folders }, async (_none, index) => await addFolder(api, `folder-${index}`)))
    const address = { endpoint: `http://127.0.0.1:${port}`, bucket: 'bucket', prefix: 'intake/' }
    const secrets = { accessKeyId: 'key', secretAccessKey: 'secret' }
    const store = await addAccount(api, { name: 'store', driver: 's3', address, secrets })
    await warmUp(server, api, dir, [...accounts, store])
    const ratios: Record<'cp' | 'safe' | 'bare' | 's3', number[]> = { cp: [], safe: [], bare: [], s3: [] }
    for (let round = 1; round <= rounds; round++) {
      const used = async () => await useMemory(dir, size * folders)
      await used()
      const cp = await copied(source, path.join(dir, 'copies'), false)
      await used()
      const safe = await copied(source, path.join(dir, 'copies'), true)
      await used()
      const bare = await withoutIntake(source, path.join(dir, 'copies'))
      const ours = await delivered(server, api, source, accounts, used)
      await removeDeliveries(dir)
      const plain = Number((await run(process.execPath, [path.join(here, 's3-client.ts'), source, port])).stdout)
      const sent = await delivered(server, api, source, [store])
      ratios.cp.push(cp / ours.seconds)
      ratios.safe.push(safe / ours.seconds)
      ratios.bare.push(bare / ours.seconds)
      ratios.s3.push(plain / sent.seconds)
      const memory = ({ growth, before }: Measured) => `+${Math.round(growth / mebi)} MiB from ${Math.round(before / mebi)}`
      console.log(
        `round ${round}: folders: cp ${cp.toFixed(2)} s, cp and sync ${safe.toFixed(2)} s, the same work ${bare.toFixed(2)} s, Intake ${ours.seconds.toFixed(2)} s, memory ${memory(ours)}`,
      )
      console.log(`         S3: client ${plain.toFixed(2)} s, Intake ${sent.seconds.toFixed(2)} s, memory ${memory(sent)}`)
    }
    const of = (numbers: number[]) => median(numbers).toFixed(2)
    const { cp, safe, bare, s3 } = ratios
    console.log(`median ratios (promised: 0.60): cp ${of(cp)}, cp and sync ${of(safe)}, the same work ${of(bare)}, S3 ${of(s3)}`)
  } finally {
    sink.kill()
    await server.close()
    await rm(dir, { recursive: true, force: true })
  }
}

async function warmUp(server: ServerProcess, api: ApiClient, dir: string, accounts: string[]): Promise<void> {
  const small = path.join(dir, 'small')
  await mkdir(small)
  for (let file = 0; file < 8; file++) await writeFile(path.join(small, `small-${file}.dat`), randomBytes(mebi))
  await delivered(server, api, small, accounts)
  await removeDeliveries(dir)
}

async function useMemory(dir: string, mebibytes: number): Promise<void> {
  const file = path.join(dir, 'memory')
  await run('dd', ['if=/dev/zero', `of=${file}`, 'bs=1M', `count=${mebibytes}`])
  await run('sync', ['-f', dir])
  await rm(file)
}

async function removeDeliveries(dir: string): Promise<void> {
  const deliveries = path.join(dir, 'data', 'deliveries')
  for (const name of await readdir(deliveries)) await rm(path.join(deliveries, name), { recursive: true })
}

async function copied(source: string, to: string, safe: boolean): Promise<number> {
  const targets = Array.from({ length: folders }, (_none, index) => path.join(to, String(index)))
  for (const target of targets) await mkdir(target, { recursive: true })
  const start = performance.now()
  for (const target of targets) await run('cp', ['-r', `${source}/.`, target])
  if (safe) for (const target of targets) await run('sync', ['-f', target])
  const seconds = (performance.now() - start) / 1000
  await rm(to, { recursive: true })
  return seconds
}

async function withoutIntake(source: string, to: string): Promise<number> {
  const { stdout } = await run(process.execPath, [path.join(here, 'bare-folders.ts'), source, to, String(folders)])
  await rm(to, { recursive: true })
  return Number(stdout)
}

async function delivered(server: ServerProcess, api: ApiClient, source: string, accounts: string[], ready = async () => {}): Promise<Measured> {
  const form = new FormData()
  form.set('kind', 'bulk')
  form.set('options', JSON.stringify({ accounts, again: true }))
  for (const name of await readdir(source))
    form.append('upload', (await uploadWhole(api, await readFile(path.join(source, name)), { filename: name })).id)
  await ready()
  const before = await server.rss()
  const { status, text, body } = await api.request<StartAnswer>('POST', paths.imports, { body: form })
  if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
  let peak = before
  const sampler = setInterval(() => {
    void server.rss().then((rss) => {
      peak = Math.max(peak, rss)
    })
  }, 20)
  try {
    const view = await api.ended(body.import.id)
    if (view.status !== 'succeeded') throw new Error(`the run ended as ${view.status}: ${JSON.stringify(view.ledger)}`)
    return { seconds: (Date.parse(view.endedAt!) - Date.parse(view.startedAt!)) / 1000, growth: peak - before, before }
  } finally {
    clearInterval(sampler)
  }
}

export { bulk as run }
