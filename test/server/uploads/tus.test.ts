import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paths, uploadTokenHeader } from '../../../shared/protocol/paths.ts'
import type { HistoryPage, ImportView } from '../../../shared/protocol/views.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import type { StartApp } from '../../support/app-databases.ts'
import { ApiClient } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { Gates } from '../../support/gate.ts'
import { adminPassword, startApp } from '../../support/start-app.ts'
import type { TestApp } from '../../support/start-app.ts'
import { begin, CutPatch, metadataHeader, offsetOf, patch, startUploads, terminate, uploadWhole } from '../../support/tus.ts'
import { SeededRandom } from '../../faults/seeded-random.ts'

const megabyte = 1024 * 1024
const script = (size: number) =>
  Buffer.from(`[${JSON.stringify({ log: randomBytes(6).toString('base64url') })}${' '.repeat(size)}`.slice(0, size - 1) + ']')
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

type Subject = { app: TestApp; api: ApiClient }

const settings = { MAX_UPLOAD_MB: '40', UPLOADS_PER_USER: '12', UPLOADS_PER_USER_MB: '200' }
const code = ({ status, body }: { status: number; body: unknown }) => ({ status, code: (body as { error?: { code: string } })?.error?.code })

/** An application for the tests around it. */
function subjectOf(start: StartApp): Subject {
  const subject = {} as Subject
  beforeAll(async () => {
    subject.app = await start(settings)
    subject.api = await subject.app.admin()
  })
  afterAll(async () => await subject.app.close())
  return subject
}

describe('uploads by tus', () => {
  const subject = subjectOf(startApp)
  const kept = async () => await readdir(path.join(subject.app.dataDir, 'uploads'))

  it('say what they can', async () => {
    const { api } = subject
    const { status, headers } = await api.request('OPTIONS', paths.uploads)
    expect(status).toBe(204)
    expect(headers.get('Tus-Version')).toBe('1.0.0')
    expect(headers.get('Tus-Extension')).toBe('creation,expiration,termination')
    expect(headers.get('Tus-Max-Size')).toBe(String(40 * megabyte))
  })

  it('come piece by piece, and become the run that was asked for', async () => {
    const { api } = subject
    const bytes = script(300_000)
    const { id, url, answer } = await begin(api, bytes.length, {
      filename: 'Выгрузка.json',
      relativePath: '../../etc/./deep\\C:\\Выгрузка.json',
      sha256: sha256(bytes),
    })
    expect(answer.status).toBe(201)
    expect(Date.parse(answer.headers.get('Upload-Expires') ?? '')).toBeGreaterThan(Date.now())
    let at = 0
    for (const cut of [1, 100_000, 100_000, 300_000]) {
      const { status, headers } = await patch(api, url, at, bytes.subarray(at, cut))
      expect({ status, offset: headers.get('Upload-Offset') }).toEqual({ status: 204, offset: String(cut) })
      at = cut
      expect(await offsetOf(api, url)).toBe(at)
      if (at < bytes.length) expect(code(await startUploads(api, [id]))).toEqual({ status: 409, code: 'conflict' })
    }
    const { status, body } = await startUploads(api, [id])
    expect(status).toBe(201)
    const view = { name: 'Выгрузка.json', relativePath: 'etc/deep/Выгрузка.json', size: bytes.length, sha256: sha256(bytes) }
    expect(body.import.files).toEqual([view])
    expect(await api.ended(body.import.id)).toMatchObject({ status: 'succeeded' })
  })

  it('are refused what the protocol refuses', async () => {
    const { api } = subject
    const { url } = await begin(api, 10)
    const ten = Buffer.alloc(10, ' ')
    expect(code(await patch(api, url, 3, ten.subarray(3)))).toEqual({ status: 409, code: 'conflict' })
    expect(code(await patch(api, url, 0, Buffer.alloc(11)))).toEqual({ status: 413, code: 'upload_too_large' })
    expect(code(await patch(api, url, 0, ten, { 'Content-Type': 'application/json' }))).toEqual({ status: 415, code: 'bad_request' })
    expect(code(await patch(api, url, -1, ten))).toEqual({ status: 400, code: 'bad_request' })
    const { status, headers } = await patch(api, url, 0, ten, { 'Tus-Resumable': '0.2.2' })
    expect({ status, version: headers.get('Tus-Version') }).toEqual({ status: 412, version: '1.0.0' })
    expect((await api.request('POST', url, { headers: { 'Tus-Resumable': '1.0.0', 'X-HTTP-Method-Override': 'DELETE' } })).status).toBe(405)
    expect(await offsetOf(api, url)).toBe(0)
    expect(await offsetOf(api, `${paths.uploads}/upload_unknown`)).toBe(-1)
    const create = async (more: Record<string, string>) =>
      code(await api.request('POST', paths.uploads, { headers: { 'Tus-Resumable': '1.0.0', ...more } }))
    const wrong = { status: 400, code: 'bad_request' }
    for (const length of ['-1', '1e3', '9007199254740993', '0x10', '']) expect(await create({ 'Upload-Length': length })).toEqual(wrong)
    for (const metadata of ['filename', 'a b c', 'filename YQ==,filename YQ==', 'filename ###'].slice(1))
      expect(await create({ 'Upload-Length': '1', 'Upload-Metadata': metadata })).toEqual(wrong)
    expect(await create({ 'Upload-Length': String(40 * megabyte + 1) })).toEqual({ status: 413, code: 'upload_too_large' })
    expect(await create({ 'Upload-Length': '1', 'Upload-Metadata': metadataHeader({ sha256: 'abc' }) })).toEqual({
      status: 400,
      code: 'invalid_input',
    })
    const polluting = metadataHeader({ __proto__x: '1', constructor: '1' })
    expect(await create({ 'Upload-Length': '1', 'Upload-Metadata': `${polluting},__proto__ YQ==` })).toMatchObject({ status: 201 })
    expect(({} as Record<string, unknown>)['filename']).toBeUndefined()
    await terminate(api, url)
  })

  it('that are cut at chance points go on from there, to the last byte', async () => {
    const { app, api } = subject
    const chance = new SeededRandom(Date.now())
    const bytes = script(3 * megabyte)
    const { id, url, token } = await begin(api, bytes.length)
    let cuts = 0
    for (let at = 0; at < bytes.length; cuts += 1) {
      const some = chance.between(1, 600_000)
      const sent = new CutPatch(app.url, url, { token, offset: at, length: bytes.length - at })
      await sent.send(bytes.subarray(at, at + some))
      if (cuts % 3 === 0) sent.socket.resetAndDestroy()
      else if (cuts % 3 === 1) sent.socket.destroy()
      // The third stays open and silent: whoever asks anew is the one who goes on.
      const now = await offsetOf(api, url)
      // What was cut may come to the server after the question, and is asked about once more.
      if (now >= 0) expect(now, `seed ${chance.seed}`).toBeGreaterThanOrEqual(at)
      at = Math.max(now, at)
    }
    expect(cuts).toBeGreaterThan(4)
    const { body } = await startUploads(api, [id])
    expect(body.import.files[0]!.sha256).toBe(sha256(bytes))
    expect(await api.ended(body.import.id)).toMatchObject({ status: 'succeeded' })
  })

  it('of the same content join the run that is there, and their own file goes', async () => {
    const { api } = subject
    const gates = new Gates()
    const gate = gates.make()
    const bytes = Buffer.from(JSON.stringify([{ until: gate.file }]))
    const first = await uploadWhole(api, bytes)
    const second = await uploadWhole(api, bytes)
    const [one, two] = [await startUploads(api, [first.id]), await startUploads(api, [second.id])]
    expect(two.body).toMatchObject({ outcome: 'joined', import: { id: one.body.import.id } })
    expect((await terminate(api, second.url)).status).toBe(204)
    gate.open()
    expect(await api.ended(one.body.import.id)).toMatchObject({ status: 'succeeded' })
    gates.remove()
  })

  it('keep their places among the files of a form', async () => {
    const { api } = subject
    const [a, b, c, d] = [script(61), script(62), script(63), script(64)]
    const [first, second] = [await uploadWhole(api, b, { filename: 'b' }), await uploadWhole(api, c, { filename: 'c' })]
    const form = new FormData()
    for (const [name, value] of Object.entries({ kind: 'table', target: 'main' })) form.set(name, value)
    form.append('file', new Blob([new Uint8Array(a)]), 'a')
    form.append('upload', first.id)
    form.append('upload', second.id)
    form.append('file', new Blob([new Uint8Array(d)]), 'd')
    const { body } = await api.request<{ import: ImportView }>('POST', paths.imports, { body: form })
    expect(body.import.files.map(({ name, sha256: sum }) => [name, sum])).toEqual([
      ['a', sha256(a)],
      ['b', sha256(b)],
      ['c', sha256(c)],
      ['d', sha256(d)],
    ])
    await api.ended(body.import.id)
    expect(code(await startUploads(api, [first.id, first.id]))).toEqual({ status: 400, code: 'invalid_input' })
  })

  it('whose bytes are not what their sender said are not kept', async () => {
    const { api } = subject
    const before = await kept()
    const bytes = script(1000)
    const { url } = await begin(api, bytes.length, { filename: 'x', sha256: sha256(Buffer.from('other')) })
    expect(code(await patch(api, url, 0, bytes))).toEqual({ status: 460, code: 'file_damaged' })
    expect(await offsetOf(api, url)).toBe(-1)
    expect(await kept()).toEqual(before)
  })

  it('without a byte are whole at once', async () => {
    const { api } = subject
    const { url, id } = await begin(api, 0)
    expect(await offsetOf(api, url)).toBe(0)
    expect(code(await startUploads(api, [id]))).not.toMatchObject({ code: 'conflict' })
  })

  it('are removed when their sender says so, in the middle too', async () => {
    const { app, api } = subject
    const before = await kept()
    const { url, token } = await begin(api, megabyte)
    await patch(api, url, 0, Buffer.alloc(1000))
    const open = await new CutPatch(app.url, url, { token, offset: 1000, length: megabyte - 1000 }).send(Buffer.alloc(500_000))
    expect((await terminate(api, url)).status).toBe(204)
    expect(await offsetOf(api, url)).toBe(-1)
    expect(await kept()).toEqual(before)
    open.socket.destroy()
  })

  it('go on by their token alone, which opens nothing else', async () => {
    const { app, api } = subject
    const bytes = script(2000)
    const [mine, other] = [await begin(api, bytes.length), await begin(api, 10)]
    const bare = new ApiClient(app.url)
    const bearer = { [uploadTokenHeader]: mine.token }
    expect((await patch(bare, mine.url, 0, bytes.subarray(0, 1000))).status).toBe(401)
    expect((await patch(bare, mine.url, 0, bytes.subarray(0, 1000), bearer)).status).toBe(204)
    expect(await offsetOf(bare, mine.url, bearer)).toBe(1000)
    expect((await patch(bare, other.url, 0, Buffer.alloc(10), bearer)).status).toBe(404)
    // Named, it decides alone, beside whatever login.
    expect((await patch(api, mine.url, 1000, bytes.subarray(1000), { [uploadTokenHeader]: 'x'.repeat(43) })).status).toBe(401)
    expect((await bare.request('POST', paths.uploadToken(mine.id), { headers: bearer })).status).toBe(401)
    expect((await startUploads(bare, [mine.id], {}, bearer)).status).toBe(401)
    // Another one takes its place.
    const { body } = await api.request<{ token: string }>('POST', paths.uploadToken(mine.id))
    expect((await patch(bare, mine.url, 1000, bytes.subarray(1000), bearer)).status).toBe(401)
    expect((await patch(bare, mine.url, 1000, bytes.subarray(1000), { [uploadTokenHeader]: body.token })).status).toBe(204)
    const { id, text } = { id: mine.id, text: JSON.stringify(await startUploads(api, [mine.id])) }
    expect(text).toContain('"status":201')
    expect(id).toMatch(/^upload_/)
  })

  it('belong to their user, and end with the user', async () => {
    const { app, api } = subject
    const password = 'another long password'
    await api.request('POST', paths.users, { json: { login: 'sender', password } })
    const sender = await new ApiClient(app.url).login('sender', password)
    const { id, url, token } = await begin(sender, 100)
    expect(await offsetOf(api, url)).toBe(-1)
    expect((await startUploads(api, [id])).status).toBe(404)
    const open = await new CutPatch(app.url, url, { token, offset: 0, length: 100 }).send(Buffer.alloc(50))
    const { body } = await api.get<{ items: { id: string; login: string }[] }>(paths.users)
    await api.request('PATCH', paths.user(body.items.find(({ login }) => login === 'sender')!.id), { json: { disabled: true } })
    // Also what is flowing.
    if (!open.socket.destroyed) await new Promise((resolve) => open.socket.once('close', resolve))
    expect((await patch(new ApiClient(app.url), url, 50, Buffer.alloc(50), { [uploadTokenHeader]: token })).status).toBe(401)
  })
})

describeOnAppDatabases('uploads by tus', (start) => {
  const subject = subjectOf(start)

  it('that several send at once are as one of them sent it', async () => {
    const { api } = subject
    const bytes = script(2 * megabyte)
    const { id, url } = await begin(api, bytes.length)
    const answers = await Promise.all(Array.from({ length: 4 }, async () => await patch(api, url, 0, bytes).catch(() => ({ status: 0 }))))
    // The newest wins; the others were stopped, or came too late.
    expect(answers.every(({ status }) => [0, 204, 409, 423].includes(status))).toBe(true)
    for (let at = await offsetOf(api, url); at < bytes.length; at = await offsetOf(api, url)) await patch(api, url, at, bytes.subarray(at))
    const { body } = await startUploads(api, [id])
    expect(body.import.files[0]!.sha256).toBe(sha256(bytes))
    await api.ended(body.import.id)
  })

  it('start one run, however often it is asked for', async () => {
    const { api } = subject
    const { id, url } = await uploadWhole(api, script(5000))
    const headers = { 'Idempotency-Key': randomBytes(8).toString('hex') }
    const answers = await Promise.all(Array.from({ length: 4 }, async () => await startUploads(api, [id], {}, headers)))
    const runs = new Set(answers.map(({ body }) => body.import?.id))
    expect([...runs]).toHaveLength(1)
    const [importId = ''] = runs
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 201])
    expect(code(await terminate(api, url))).toEqual({ status: 409, code: 'in_use' })
    await api.ended(importId)
    // The answer was lost, the run has ended: the same question still has the same answer, another one has none.
    expect((await startUploads(api, [id], {}, headers)).body).toMatchObject({ outcome: 'joined', import: { id: importId } })
    const again = await startUploads(api, [id], { options: '{"again":true}' })
    expect(again).toMatchObject({ status: 409, body: { error: { code: 'conflict', details: { importId } } } })
    expect(
      (await api.get<HistoryPage>(`${paths.imports}?q=file.json&limit=200`)).body.items.filter((run: ImportView) => run.id === importId),
    ).toHaveLength(1)
  })

  it('are no more than one user may have', async () => {
    const { app, api } = subject
    const other = await new ApiClient(app.url).login('admin', adminPassword)
    const begun = await Promise.all(Array.from({ length: 14 }, async () => await begin(other, 1)))
    const refused = begun.filter(({ answer }) => answer.status !== 201)
    expect(code(refused[0]!.answer)).toEqual({ status: 403, code: 'upload_quota' })
    for (const { url, answer } of begun) if (answer.status === 201) await terminate(api, url)
    const large = await Promise.all(Array.from({ length: 7 }, async () => await begin(other, 40 * megabyte)))
    expect(large.filter(({ answer }) => answer.status === 201).length).toBeLessThanOrEqual(5)
    for (const { url, answer } of large) if (answer.status === 201) await terminate(api, url)
  })
})

describe('uploads by tus that nobody goes on with', () => {
  it('are removed after their time, and what runs took is not', async () => {
    let app = await startApp()
    let api = await app.admin()
    const bytes = script(3000)
    const [half, waiting, taken] = [await begin(api, megabyte), await uploadWhole(api, script(50)), await uploadWhole(api, bytes)]
    await patch(api, half.url, 0, Buffer.alloc(1000))
    const { body } = await startUploads(api, [taken.id])
    await api.ended(body.import.id)
    const open = await new CutPatch(app.url, half.url, { token: half.token, offset: 1000, length: megabyte - 1000 }).send(Buffer.alloc(700_000))
    const folder = path.join(app.dataDir, 'uploads')
    const sizes = async () => await Promise.all((await readdir(folder)).map(async (name) => (await stat(path.join(folder, name))).size))
    await eventually(async () => expect(Math.max(...(await sizes()))).toBeGreaterThan(500_000))
    // A restart forgets nothing of them, nor what is flowing.
    app = await app.restart()
    expect(open.socket.destroyed || (await once(open.socket, 'close'))).toBeTruthy()
    const flowed = Math.max(...(await sizes()))
    expect(flowed).toBeGreaterThan(500_000)
    api = await app.admin()
    expect(await offsetOf(api, half.url)).toBe(flowed)
    app = await app.restart({ UPLOAD_HOURS: '0.000001' })
    api = await app.admin()
    await patch(api, half.url, flowed, Buffer.alloc(1))
    app = await app.restart()
    await eventually(async () => expect(await readdir(path.join(app.dataDir, 'uploads'))).toHaveLength(2))
    expect(await offsetOf(await app.admin(), half.url)).toBe(-1)
    expect(await offsetOf(await app.admin(), waiting.url)).toBe(50)
    await app.close()
  })
})
