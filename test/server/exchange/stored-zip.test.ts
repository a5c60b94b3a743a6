import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { readZip } from '../../../server/importers/commerce/read/zip.ts'
import { storedZip } from '../../../server/sessions/exchange/stored-zip.ts'
import { textAsJob } from '../../support/job-context.ts'

it('pictures that came one by one are read from their zip as they were', async () => {
  const pictures = [
    { name: 'import_files/ab/one.jpg', content: Buffer.from('first') },
    { name: 'картинки/два.png', content: Buffer.alloc(300_000, 7) },
    { name: 'empty.gif', content: Buffer.alloc(0) },
  ]
  const sources = pictures.map(({ name, content }) => ({ name, size: content.length, open: () => Readable.from([content]) as AsyncIterable<Buffer> }))
  const zip = await buffer(Readable.from(storedZip(sources), { objectMode: false }))
  const { entries, close } = await readZip(textAsJob('import_files.zip', zip))
  const read = await Promise.all(entries.map(async (entry) => ({ name: entry.name, content: await buffer(entry.open()) })))
  close()
  expect(read).toEqual(pictures)
})
