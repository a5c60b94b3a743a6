import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from '@playwright/test'
import { paths } from '../../shared/protocol/paths.ts'
import type { TraceAnswer } from '../../shared/protocol/views.ts'
import { addFolder, deliveriesOf, startedBulk } from '../support/bulk.ts'
import { decoded, mediaFiles, withMedia } from '../support/media/media-files.ts'
import { ServerProcess } from '../support/server-process.ts'

const site = 'http://media.localhost/'
const sumOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

test('delivered media play as the original does, are each another file, and say whose they are', async ({ page }) => {
  const shelf = new Map<string, { type: string; bytes: Uint8Array }>()
  await page.route(`${site}**`, async (route) => {
    const { type = 'text/html', bytes = Buffer.from('<!doctype html>') } = shelf.get(decodeURI(route.request().url())) ?? {}
    await route.fulfill({ contentType: type, body: Buffer.from(bytes) })
  })
  await withMedia(page)
  await page.goto(site)
  const server = await ServerProcess.start()
  try {
    const api = await server.admin()
    const names = ['North', 'South']
    const accounts = await Promise.all(names.map(async (name) => await addFolder(api, name)))
    const files = await mediaFiles(page)
    const id = await startedBulk(api, files, { accounts })
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded', ledger: { succeeded: 2 * files.length } })
    const { deliveries } = await deliveriesOf(api, id)
    for (const [at, { name, kind, type, bytes }] of files.entries()) {
      const look = async (shown: Uint8Array, as: string) => {
        shelf.set(site + as, { type, bytes: shown })
        return await decoded(page, site + as, kind)
      }
      const sums = [sumOf(bytes)]
      const original = await look(bytes, `original/${name}`)
      if (kind === 'video') expect(new Set(original.slice(1)).size, `moments of ${name}`).toBe(3)
      for (const [which, account] of accounts.entries()) {
        const to = deliveries.find((delivery) => delivery.file === at && delivery.account === account)?.path ?? ''
        const copy = new Uint8Array(await readFile(path.join(server.dataDir, 'deliveries', names[which]!, to)))
        expect(await look(copy, `${names[which]}/${name}`), `${name} of ${names[which]}`).toEqual(original)
        sums.push(sumOf(copy))
        const form = new FormData()
        form.append('file', new Blob([copy]), 'came back')
        const { body } = await api.request<TraceAnswer>('POST', paths.trace, { body: form })
        expect(body).toMatchObject({ found: { account: { id: account }, file: name, importId: id, by: 'mark' } })
      }
      expect(new Set(sums).size, `checksums of ${name}`).toBe(3)
    }
  } finally {
    await server.close()
  }
})
