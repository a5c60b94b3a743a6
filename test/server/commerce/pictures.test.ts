import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PicturePaths } from '../../../server/importers/commerce/pictures/picture-files.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { paths } from '../../../shared/protocol/paths.ts'
import type { StartAnswer } from '../../../shared/protocol/views.ts'
import { catalog, commerceText, product } from './xml.ts'

const jpeg = (text: string) => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(text)])
const named = (path: string) => `<Картинка>${path}</Картинка>`

describe('pictures that come beside the XML files', () => {
  let app: TestApp
  let admin: ApiClient
  beforeAll(async () => {
    app = await startApp({})
    admin = await app.admin()
  })
  afterAll(async () => await app.close())

  const start = async (files: Record<string, Uint8Array | string>) => {
    const form = new FormData()
    form.set('kind', 'commerce')
    form.set('target', 'main')
    form.set('options', JSON.stringify({ types: ['catalog'] }))
    for (const [name, content] of Object.entries(files)) form.append('file', new Blob([new Uint8Array(Buffer.from(content))]), name)
    return await admin.request<StartAnswer>('POST', paths.imports, { body: form })
  }
  const ended = async (files: Record<string, Uint8Array | string>) => {
    const { body } = await start(files)
    const run = await admin.ended(body.import.id)
    return { run, log: (await admin.events(run.id)).map(({ message }) => message) }
  }

  it('are shown with their goods, by their paths or by their names alone; what does not fit is told', async () => {
    const goods = [
      product('a', named('import_files/ab/a.jpg') + named('https://elsewhere.example/a.jpg')),
      product('b', named('import_files/cd/b.jpg')),
      product('c', named('import_files/ef/c.jpg')),
    ]
    const { run, log } = await ended({
      'export/import.xml': commerceText(catalog(goods.join(''))),
      'export/import_files/ab/a.jpg': jpeg('a'),
      'b.jpg': jpeg('b'),
      'spare.jpg': jpeg('spare'),
    })
    expect(run).toMatchObject({ status: 'succeeded', ledger: { succeeded: 3 } })
    expect(log).toContain('1 picture that goods name did not come: import_files/ef/c.jpg.')
    expect(log).toContain('1 picture is named by none of the goods in these files: spare.jpg.')
    const shown = async (id: string, path: string) => await admin.request('GET', paths.catalogPicture('main', id, { source: '1c', path }))
    for (const [id, path] of [
      ['a', 'import_files/ab/a.jpg'],
      ['b', 'import_files/cd/b.jpg'],
    ] as const)
      expect([(await shown(id, path)).text.at(-1), (await shown(id, path)).headers.get('content-type')]).toEqual([id, 'image/jpeg'])
    expect((await shown('c', 'import_files/ef/c.jpg')).status).toBe(404)
    // It comes with the same goods once more: no row changes, and yet it is there.
    await ended({ 'import.xml': commerceText(catalog(goods.join(''))), 'c.jpg': jpeg('c') })
    expect((await shown('c', 'import_files/ef/c.jpg')).text.at(-1)).toBe('c')
  })

  it('are told once where none of them came', async () => {
    const { log } = await ended({ 'import.xml': commerceText(catalog(product('d', named('d.jpg')))) })
    expect(log).toContain('Goods name 1 picture, and none came with the files.')
  })

  it('can’t be taken alone, nor what only calls itself one', async () => {
    expect((await ended({ 'a.jpg': jpeg('a') })).run).toMatchObject({ status: 'failed', error: { code: 'file_unsupported' } })
    const import1 = commerceText(catalog(product('e')))
    expect(await start({ 'import.xml': import1, 'a.jpg': 'no picture' })).toMatchObject({ body: { error: { code: 'unsupported_file' } } })
  })
})

it('a picture is the one in its place, else the only one of its name', () => {
  const came = new PicturePaths(['goods/1/import_files/a.jpg', 'import_files/b.jpg', 'x/c.jpg', 'y/c.jpg', 'd.jpg'])
  expect(came.find('import_files/a.jpg')).toBe('goods/1/import_files/a.jpg')
  expect(came.find('import_files/b.jpg')).toBe('import_files/b.jpg')
  expect(came.find('y/c.jpg')).toBe('y/c.jpg')
  expect(came.find('z/c.jpg')).toBe(null)
  expect(came.find('import_files/dd/d.jpg')).toBe('d.jpg')
  expect(came.find('mport_files/b.jpg')).toBe('import_files/b.jpg')
  expect(came.find('e.jpg')).toBe(null)
})
