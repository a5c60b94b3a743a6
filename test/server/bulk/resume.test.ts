import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addAccount, addEndpoint, addFolder, bulkSettings, deliveriesOf, startedBulk } from '../../support/bulk.ts'
import { startHttpEndpoint } from '../../support/destinations/http-endpoint.ts'
import type { HttpEndpointServer } from '../../support/destinations/http-endpoint.ts'
import { eventually } from '../../support/eventually.ts'
import { startS3 } from '../../support/s3-server.ts'
import type { S3Server } from '../../support/s3-server.ts'
import { ServerProcess } from '../../support/server-process.ts'

const mib = 1024 * 1024

describe('a bulk upload whose server is killed', () => {
  let server: ServerProcess
  let store: S3Server
  let endpoint: HttpEndpointServer
  beforeAll(async () => {
    store = await startS3()
    endpoint = await startHttpEndpoint()
    server = await ServerProcess.start({ ...bulkSettings, LEASE_SECONDS: '2' })
  })
  afterAll(async () => {
    await server.close()
    await store.close()
    await endpoint.close()
  })

  it('goes on in the middle of a file, and sends nothing twice that had arrived', async () => {
    const api = await server.admin()
    const { endpoint: url = '', bucket, accessKeyId, secretAccessKey, region } = store.address
    const address = { endpoint: url, region, bucket, prefix: 'account/', readBack: true }
    const accounts = [
      await addAccount(api, { name: 'Store', driver: 's3', address, secrets: { accessKeyId, secretAccessKey }, limits: { concurrency: 1 } }),
      await addEndpoint(api, 'Endpoint', endpoint, { concurrency: 1 }),
      await addFolder(api, 'Folder', { concurrency: 1 }),
    ]
    const parts: string[] = []
    const middle = Promise.withResolvers<void>()
    // The third part and the answer of the endpoint are what the server does not live to see.
    store.breakBy((method, _name, query) => {
      if (method !== 'PUT' || !query.has('partNumber')) return null
      parts.push(String(query.get('partNumber')))
      if (Number(query.get('partNumber')) < 3) return null
      middle.resolve()
      return new Promise<void>(() => undefined)
    })
    const stored = () => new Set([...store.uploads.values()].flatMap((upload) => [...upload.parts.keys()]))
    const arrived = Promise.withResolvers<void>()
    endpoint.breakBy(({ method }) => {
      if (method === 'HEAD') arrived.resolve()
      return method === 'HEAD' ? new Promise<void>(() => undefined) : null
    })
    const files = [{ name: 'large.dat', bytes: new Uint8Array(Buffer.alloc(40 * mib, 'a large file ')) }]
    const id = await startedBulk(api, files, { accounts })
    await Promise.all([middle.promise, arrived.promise])
    await eventually(() => expect(stored()).toEqual(new Set([1, 2])))
    await server.kill('SIGKILL')
    const sent = parts.splice(0).length
    endpoint.breakBy(() => null)
    store.breakBy((method, _name, query) => {
      if (method === 'PUT' && query.has('partNumber')) parts.push(String(query.get('partNumber')))
      return null
    })
    await server.begin()
    const again = await server.admin()
    expect(await again.ended(id)).toMatchObject({ status: 'succeeded', attempt: 2, ledger: { total: 3, succeeded: 3 } })
    expect(sent).toBeGreaterThanOrEqual(3)
    expect(parts.toSorted()).toEqual(['3', '4', '5'])
    expect(endpoint.kept).toEqual([`${id}/0/${accounts[1]}`])
    const { deliveries } = await deliveriesOf(again, id)
    expect(await readdir(path.join(server.dataDir, 'deliveries', 'Folder'))).toEqual([deliveries[2]!.path])
    const events = await again.events(id)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(await readdir(path.join(server.dataDir, 'uploads'))).toHaveLength(1)
  })

  it('makes a copy anew that was lost with the power, or lost its bytes', async () => {
    const api = await server.admin()
    const account = await addEndpoint(api, 'Waiting', endpoint, { concurrency: 2 })
    const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    endpoint.breakBy(({ method, path: name }) => {
      if (method === 'PUT') asked[name.includes('letter') ? 0 : 1]!.resolve()
      return method === 'PUT' ? new Promise<void>(() => undefined) : null
    })
    const letter = { name: 'letter.pdf', bytes: '%PDF-1.4\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n' }
    const id = await startedBulk(api, [letter, { name: 'plain.csv', bytes: 'a;b\n' }], { accounts: [account] })
    await Promise.all(asked.map(async ({ promise }) => await promise))
    await server.kill('SIGKILL')
    const database = new Database(path.join(server.dataDir, 'intake.db'))
    const rows = database.prepare('select input_key from bulk_delivery where import_id = ? order by file').all(id) as { input_key: string }[]
    database.close()
    const [marked = '', plain = ''] = rows.map(({ input_key: key }) => path.join(server.dataDir, 'uploads', key))
    await writeFile(marked, Buffer.alloc((await stat(marked)).size))
    await rm(plain)
    endpoint.breakBy(() => null)
    await server.begin()
    const again = await server.admin()
    expect(await again.ended(id)).toMatchObject({ status: 'succeeded', ledger: { succeeded: 2 } })
    const { deliveries } = await deliveriesOf(again, id)
    const [first, second] = deliveries.map(({ path: name = '' }) => endpoint.files.get(name)?.toString())
    expect(first).toContain(`run=${id};account=${account}`)
    expect(second).toBe('a;b\n')
    const lines = (await again.events(id)).filter(({ level }) => level === 'warning').map(({ message }) => message)
    expect(lines.filter((line) => line?.includes('was made again'))).toHaveLength(2)
    expect(await readdir(path.join(server.dataDir, 'uploads'))).toHaveLength(3)
  })
})
