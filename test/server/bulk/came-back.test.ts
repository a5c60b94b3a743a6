import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import type { TraceAnswer } from '../../../shared/protocol/views.ts'
import { markText } from '../../../server/importers/bulk/copies/mark.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import { addFolder, deliveriesOf, pngOf, startedBulk } from '../../support/bulk.ts'
import type { TestApp } from '../../support/start-app.ts'

/** A silent WAV file: its mark goes to the end, behind one that is there already. */
const wav = Buffer.from('RIFF\x34\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\x10\0\0\0'.padEnd(60, '\x80'), 'latin1')

describeOnAppDatabases('a copy that came back', (start) => {
  let app: TestApp
  let api: ApiClient
  let [north, south, east]: string[] = []
  beforeAll(async () => {
    app = await start()
    api = await app.admin()
    north = await addFolder(api, 'North')
    south = await addFolder(api, 'South')
    east = await addFolder(api, 'East')
  })
  afterAll(async () => await app.close())

  /** Sends a file, and answers the run with the copies of it, by account. */
  const sent = async (name: string, bytes: Buffer, accounts: string[], options: Record<string, unknown> = {}) => {
    const id = await startedBulk(api, [{ name, bytes: new Uint8Array(bytes) }], { accounts, again: true, ...options })
    expect(await api.ended(id)).toMatchObject({ status: 'succeeded' })
    const { deliveries } = await deliveriesOf(api, id)
    const folders: Record<string, string> = { [north!]: 'North', [south!]: 'South', [east!]: 'East' }
    const copies = deliveries.map(async ({ account, path: copy = '' }) => {
      return { name: copy, bytes: await readFile(path.join(app.dataDir, 'deliveries', folders[account]!, copy)) }
    })
    return { id, copies: await Promise.all(copies) }
  }
  const trace = async (name: string, bytes: Buffer) => {
    const form = new FormData()
    form.set('file', new Blob([new Uint8Array(bytes)]), name)
    return (await api.request<TraceAnswer>('POST', paths.trace, { body: form })).body.found
  }

  it.each([
    ['a picture', 'dot.png', Buffer.from(pngOf(9))],
    ['a recording', 'silence.wav', wav],
  ])('and is uploaded again is traced to the newest run: %s', async (_what, name, bytes) => {
    const first = await sent(name, bytes, [north!])
    const second = await sent(name, first.copies[0]!.bytes, [south!, north!])
    const third = await sent(name, second.copies[0]!.bytes, [east!])
    expect(await trace('renamed', first.copies[0]!.bytes)).toMatchObject({ importId: first.id, account: { id: north }, by: 'mark' })
    for (const [index, account] of [south, north].entries())
      expect(await trace('renamed', second.copies[index]!.bytes)).toMatchObject({ importId: second.id, account: { id: account }, by: 'mark' })
    expect(await trace('renamed', third.copies[0]!.bytes)).toMatchObject({ importId: third.id, account: { id: east }, by: 'mark' })
  })

  it('and is sent on as it is, or in an archive, is not the one of the account that had it first', async () => {
    const [copy] = (await sent('original.png', Buffer.from(pngOf(10)), [north!])).copies
    const again = await sent('again.png', copy!.bytes, [south!, east!], { mark: false })
    for (const [index, account] of [south, east].entries())
      expect(await trace(again.copies[index]!.name, copy!.bytes)).toMatchObject({ importId: again.id, account: { id: account }, by: 'name' })
    expect(await trace(copy!.name, copy!.bytes)).toMatchObject({ account: { id: north } })
    const archive = await sent('archive.zip', Buffer.concat([Buffer.from('PK\x03\x04'), copy!.bytes]), [south!])
    expect(await trace('renamed', archive.copies[0]!.bytes)).toMatchObject({ importId: archive.id, account: { id: south }, by: 'checksum' })
    const told = (await api.events(archive.id)).map(({ message }) => message)
    expect(told).toContainEqual(expect.stringContaining('known by its name alone: this file has no place for a mark'))
    // A name alone says nothing against a mark: anybody can change it.
    const spoiled = Buffer.concat([copy!.bytes, Buffer.from('.')])
    expect(await trace(again.copies[0]!.name, spoiled)).toMatchObject({ account: { id: north }, by: 'mark' })
  })

  it('twice to the same account has that account', async () => {
    const [first, second] = [await sent('one.txt', Buffer.from('one'), [north!]), await sent('one.txt', Buffer.from('one'), [north!])]
    expect(await trace('renamed', Buffer.from('one'))).toMatchObject({ importId: second.id, account: { id: north }, by: 'checksum' })
    expect(await trace(first.copies[0]!.name, Buffer.from('one'))).toMatchObject({ importId: first.id })
  })

  it('is found among marks that somebody made up', async () => {
    const { id, copies } = await sent('dot.png', Buffer.from(pngOf(11)), [north!])
    const madeUp = Array.from({ length: 1200 }, (_none, index) => markText({ importId: id, accountId: north!, shortId: `made${index}` }))
    const bytes = Buffer.concat([Buffer.from(madeUp.join('')), copies[0]!.bytes])
    expect(await trace('renamed', bytes)).toMatchObject({ importId: id, account: { id: north }, by: 'mark' })
  })
})
