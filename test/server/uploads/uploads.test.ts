import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { loginCookie, paths } from '../../../shared/protocol/paths.ts'
import type { HistoryPage, StartAnswer } from '../../../shared/protocol/views.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { Gates } from '../../support/gate.ts'
import { formBytes, RawUpload, startFields } from '../../support/raw-upload.ts'
import type { FormPart, RawAnswer } from '../../support/raw-upload.ts'
import { startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'

const megabyte = 1024 * 1024
/** A script of exactly so many bytes. */
const scriptOf = (size: number) => `[${JSON.stringify({ log: randomBytes(4).toString('base64url') })}${' '.repeat(size)}`.slice(0, size - 1) + ']'

describe('an upload', () => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  let cookie: string
  const uploads = async () => await readdir(path.join(app.dataDir, 'uploads'))
  const runs = async () => (await api.get<HistoryPage>(paths.imports)).body.total

  beforeAll(async () => {
    app = await startApp({ MAX_UPLOAD_MB: '1' })
    api = await app.admin()
    cookie = `${loginCookie}=${api.cookies.value(loginCookie)}`
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })
  afterEach(async () => {
    // Whatever was sent: the server stands, and nobody's prototype was changed.
    expect((await api.get('/readyz')).status).toBe(200)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  const send = async (parts: FormPart[], options: { end?: boolean } = {}): Promise<RawAnswer> => {
    const bytes = formBytes(parts, options)
    const upload = new RawUpload(app.url).head({ Cookie: cookie }, bytes.length)
    await upload.send(bytes)
    return await upload.answer()
  }
  const file = (fileName: string, content: string | Buffer): FormPart => ({ name: 'file', fileName, content })
  const startWith = async (...files: FormPart[]) => {
    const { status, body } = await send([...startFields, ...files])
    expect({ status, body }).toMatchObject({ status: 201 })
    return (JSON.parse(body) as StartAnswer).import
  }
  const expectRefusal = async (answer: RawAnswer, code: string, status: number) => {
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status })
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } })
  }

  it.each([30, 300_001, 1_000_003])('of %i bytes is counted on its way: size and SHA-256', async (size) => {
    const content = scriptOf(size)
    const view = await startWith(file('a.json', content))
    expect(view.files).toEqual([{ name: 'a.json', size, sha256: createHash('sha256').update(content).digest('hex') }])
    await api.ended(view.id)
  })

  it('keeps the names that people gave: Cyrillic, Arabic, emoji, quotes, spaces', async () => {
    const names = ['Выгрузка товаров.json', 'نسخة احتياطية.json', 'backup 🎉 (1).json', "o'neil & co.json", 'ends with a dot.']
    const view = await startWith(...names.map((name, index) => file(name, scriptOf(40 + index))))
    expect(view.files.map(({ name }) => name)).toEqual(names)
    expect((await api.ended(view.id)).title).toBe('Выгрузка товаров.json + 4')
  })

  it.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\\\..\\\\boot.ini', 'boot.ini'],
    ['/abs/olute.json', 'olute.json'],
    ['C:\\\\temp\\\\x.json', 'x.json'],
    ['line%0Abreak.json', 'line\uFFFDbreak.json'],
    ['%22quoted%22.json', '"quoted".json'],
    ['50%.json', '50%.json'],
    ['gpj.\u202Esrc.json', 'gpj.\u202Esrc.json'],
    ['-rf', '-rf'],
    ['$(id)`id`', '$(id)`id`'],
  ])('called %j is stored under a name of our own, readable by nobody else', async (sent, shown) => {
    const before = await uploads()
    const view = await startWith(file(sent, scriptOf(60)))
    expect(view.files[0]!.name).toBe(shown)
    const [stored] = (await uploads()).filter((name) => !before.includes(name))
    expect(stored).toMatch(/^[0-9a-f-]{36}$/)
    expect((await stat(path.join(app.dataDir, 'uploads', stored!))).mode & 0o777).toBe(0o600)
    await api.ended(view.id)
  })

  it('from a folder keeps its path in it, and no way out of it', async () => {
    const sent = ['photos/a/x.json', 'photos/b/x.json', '../../up/./x.json', '/abs/x.json', 'C:\\\\temp\\\\x.json', 'x.json', './x.json']
    const view = await startWith(...sent.map((name, at) => file(name, scriptOf(80 + at))))
    expect(view.files.map(({ name }) => name)).toEqual(sent.map(() => 'x.json'))
    const paths = view.files.map(({ relativePath }) => relativePath)
    expect(paths).toEqual(['photos/a/x.json', 'photos/b/x.json', 'up/x.json', 'abs/x.json', 'temp/x.json', undefined, undefined])
    await api.ended(view.id)
  })

  it('of a name of 4096 characters is shown by the first 255', async () => {
    const view = await startWith(file('я'.repeat(4096), scriptOf(70)))
    expect(view.files[0]!.name).toBe('я'.repeat(255))
    await api.ended(view.id)
  })

  it('is never served back', async () => {
    const [stored] = await uploads()
    for (const address of [`/uploads/${stored}`, `/${stored}`, `/api/uploads/${stored}`, `/data/uploads/${stored}`]) {
      const { text } = await api.get(address)
      expect(text).not.toContain('"log"')
    }
  })

  it.each([
    [megabyte - 1, 201],
    [megabyte, 201],
    [megabyte + 1, 413],
  ])('of %i bytes where one megabyte is the limit answers %i', async (size, status) => {
    const before = await uploads()
    const answer = await send([...startFields, file('big.json', scriptOf(size))])
    expect(answer.status).toBe(status)
    if (status === 201) return void (await api.ended((JSON.parse(answer.body) as StartAnswer).import.id))
    await expectRefusal(answer, 'upload_too_large', 413)
    expect(await uploads()).toEqual(before)
  })

  it('is limited in all its files together', async () => {
    const before = await uploads()
    const answer = await send([...startFields, file('a.json', scriptOf(600_000)), file('b.json', scriptOf(600_000))])
    await expectRefusal(answer, 'upload_too_large', 413)
    expect(await uploads()).toEqual(before)
  })

  it('that holds fields without end is cut off', async () => {
    const upload = new RawUpload(app.url).head({ Cookie: cookie })
    const fields = formBytes(
      Array.from({ length: 16 }, () => ({ name: 'upload', value: 'x'.repeat(65_000) })),
      { end: false },
    )
    while (upload.socket.writable) await upload.sendChunk(fields)
    await expectRefusal(await upload.answer(), 'bad_request', 400)
  })

  it('that announces too much is refused before it is read', async () => {
    const upload = new RawUpload(app.url).head({ Cookie: cookie }, 100 * megabyte)
    await expectRefusal(await upload.answer(), 'upload_too_large', 413)
  })

  it('without a length is cut off past the limit, wherever that falls in its pieces, and leaves no file', async () => {
    const before = await uploads()
    const sendEndlessly = async (size: number) => {
      const upload = new RawUpload(app.url).head({ Cookie: cookie })
      await upload.sendChunk(formBytes([...startFields, file('endless.json', '[')], { end: false }))
      // It never ends by itself: the server must end it.
      while (upload.socket.writable) await upload.sendChunk(Buffer.alloc(size, ' '))
      await expectRefusal(await upload.answer(), 'upload_too_large', 413)
    }
    await Promise.all([60_000, 250_000, 524_288, 1_048_000].map(sendEndlessly))
    expect(await uploads()).toEqual(before)
  })

  it('without a login is refused before its body is read', async () => {
    const upload = new RawUpload(app.url).head({}, 900_000)
    await expectRefusal(await upload.answer(), 'unauthenticated', 401)
    const sent = new RawUpload(app.url).head({}, 900_000)
    await sent.send(Buffer.alloc(900_000, 'x'))
    await expectRefusal(await sent.answer(), 'unauthenticated', 401)
  })

  it('that is cut off at any point becomes no run and leaves no file', async () => {
    const [files, count] = [await uploads(), await runs()]
    const bytes = formBytes([...startFields, file('a.json', scriptOf(200_000)), file('b.json', scriptOf(200_000))])
    for (let point = 0; point < 64; point++) {
      const upload = new RawUpload(app.url).head({ Cookie: cookie }, bytes.length)
      await upload.send(bytes.subarray(0, Math.floor((bytes.length * point) / 64)))
      if (point % 2 === 0) upload.socket.resetAndDestroy()
      else upload.socket.destroy()
      await upload.answer()
    }
    await expect.poll(uploads).toEqual(files)
    expect(await runs()).toBe(count)
  })

  it('that ends politely but too soon becomes no run either', async () => {
    const [files, count] = [await uploads(), await runs()]
    const bytes = formBytes([...startFields, file('a.json', scriptOf(200_000))])
    for (const point of [10, 150, 400, 100_000, bytes.length - 3]) {
      const upload = new RawUpload(app.url).head({ Cookie: cookie })
      await upload.sendChunk(bytes.subarray(0, point))
      await upload.send('0\r\n\r\n')
      const { status, body } = await upload.answer()
      expect({ point, status, body }).toMatchObject({ status: 400 })
    }
    expect(await uploads()).toEqual(files)
    expect(await runs()).toBe(count)
  })

  describe('that is no start', () => {
    const script = scriptOf(50)
    const many = (count: number, make: (index: number) => FormPart) => Array.from({ length: count }, (_, index) => make(index))
    it.each<[string, FormPart[], number]>([
      ['has no file', startFields, 400],
      ['has a file of another field', [...startFields, { name: 'upload', fileName: 'a.json', content: script }], 400],
      ['has a file called ..', [...startFields, { name: 'file', fileName: '..', content: script }], 400],
      ['has a file with U+0000 in its name', [...startFields, { name: 'file', fileName: 'a\u0000b.json', content: script }], 400],
      ['has a file without a name', [...startFields, { name: 'file', fileName: '', content: script }], 400],
      ['has no kind', [{ name: 'target', value: 'main' }, file('a.json', script)], 400],
      ['has a kind that nobody knows', [{ name: 'kind', value: 'magic' }, { name: 'target', value: 'main' }, file('a.json', script)], 400],
      ['has a kind that is not built', [{ name: 'kind', value: 'bulk' }, { name: 'target', value: 'main' }, file('a.json', script)], 400],
      ['has the kind twice', [...startFields, { name: 'kind', value: 'table' }, file('a.json', script)], 400],
      ['has no target', [{ name: 'kind', value: 'table' }, file('a.json', script)], 400],
      ['has a target that is not there', [{ name: 'kind', value: 'table' }, { name: 'target', value: 'db_x' }, file('a.json', script)], 404],
      ['has options that are no JSON', [...startFields, { name: 'options', value: '{"a":' }, file('a.json', script)], 400],
      ['has options with U+0000', [...startFields, { name: 'options', value: '{"a":"\\u0000"}' }, file('a.json', script)], 400],
      ['has a field of 100 kB', [...startFields, { name: 'options', value: ' '.repeat(100_000) }, file('a.json', script)], 400],
      ['has 100 fields', [...startFields, ...many(100, (index) => ({ name: `f${index}`, value: 'x' })), file('a.json', script)], 400],
      ['has 11000 parts', [...startFields, ...many(11_000, () => ({ name: 'upload', value: 'x' })), file('a.json', script)], 400],
      ['names an upload twice', [...startFields, ...many(2, () => ({ name: 'upload', value: 'x' })), file('a.json', script)], 400],
      ['names an upload that is not there', [...startFields, { name: 'upload', value: 'x' }, file('a.json', script)], 404],
      ['has a name of 10000 levels', [...startFields, { name: `a${'[b]'.repeat(10_000)}`, value: 'x' }, file('a.json', script)], 400],
      ['has a name of two levels', [...startFields, { name: 'options[mode]', value: 'x' }, file('a.json', script)], 400],
      [
        'has an array of four billion',
        [...startFields, { name: 'a[4294967294]', value: 'x' }, { name: 'a[]', value: 'x' }, file('a.json', script)],
        400,
      ],
      ['has a prototype', [...startFields, { name: '__proto__[polluted]', value: 'x' }, file('a.json', script)], 400],
      ['has a constructor', [...startFields, { name: 'constructor[prototype][polluted]', value: 'x' }, file('a.json', script)], 400],
      ['has a file of a prototype', [...startFields, { name: '__proto__', fileName: 'a.json', content: script }], 400],
    ])('is refused and kept nothing of, when it %s', async (_what, parts, status) => {
      const [files, count] = [await uploads(), await runs()]
      const answer = await send(parts)
      expect({ status: answer.status, body: answer.body }).toMatchObject({ status })
      expect(JSON.parse(answer.body)).toHaveProperty('error.message')
      expect(await uploads()).toEqual(files)
      expect(await runs()).toBe(count)
    })

    it.each([
      ['no form', { 'Content-Type': 'application/json' }],
      ['a form without a boundary', { 'Content-Type': 'multipart/form-data' }],
      ['a form of another boundary', { 'Content-Type': 'multipart/form-data; boundary=other' }],
      ['a form with a boundary of 1000 characters', { 'Content-Type': `multipart/form-data; boundary=${'b'.repeat(1000)}` }],
      ['no type at all', { 'Content-Type': '' }],
    ])('is refused when it is %s', async (_what, headers) => {
      const [files, count] = [await uploads(), await runs()]
      const bytes = formBytes([...startFields, file('a.json', script)])
      const upload = new RawUpload(app.url).head({ Cookie: cookie, ...headers }, bytes.length)
      await upload.send(bytes)
      const { status, body } = await upload.answer()
      expect({ status, body }).toMatchObject({ status: 400 })
      expect(await uploads()).toEqual(files)
      expect(await runs()).toBe(count)
    })

    it('takes no field for more than it is', async () => {
      const answer = await send([
        ...startFields,
        ...['role', 'userId', 'status', 'id'].map((name) => ({ name, value: 'superuser' })),
        file('a.json', scriptOf(80)),
      ])
      const { import: view } = JSON.parse(answer.body) as StartAnswer
      expect(view).toMatchObject({ status: 'queued', user: { name: 'Administrator' } })
      expect(view.id).not.toBe('superuser')
      await api.ended(view.id)
    })
  })

  it('of the wrong type is refused by its content, whatever it is called, and nothing is kept', async () => {
    const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), randomBytes(100)])
    const [files, count] = [await uploads(), await runs()]
    const answer = await send([{ name: 'kind', value: 'restore' }, { name: 'target', value: 'main' }, file('backup.json', png)])
    await expectRefusal(answer, 'unsupported_file', 415)
    expect(answer.body).toMatch(/PNG/)
    const second = await send([
      { name: 'kind', value: 'restore' },
      { name: 'target', value: 'main' },
      file('ok.json', '[]'),
      file('backup.json', png),
    ])
    await expectRefusal(second, 'unsupported_file', 415)
    expect(await uploads()).toEqual(files)
    expect(await runs()).toBe(count)
  })

  it('that joins a run is not kept a second time', async () => {
    const gate = gates.make()
    const script = JSON.stringify([{ log: 'kept once' }, { until: gate.file }])
    const before = await uploads()
    const answers = await Promise.all(Array.from({ length: 5 }, async () => await send([...startFields, file('once.json', script)])))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 200, 201])
    const stored = (await uploads()).filter((name) => !before.includes(name))
    expect(stored).toHaveLength(1)
    expect(await readFile(path.join(app.dataDir, 'uploads', stored[0]!), 'utf8')).toBe(script)
    gate.open()
    await api.ended((JSON.parse(answers[0]!.body) as StartAnswer).import.id)
  })
})
