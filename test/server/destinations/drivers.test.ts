import { createHash, randomUUID } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testRules } from '../../contracts/destination-subject.ts'
import type { DeliveryOrder, Destination } from '../../../server/destinations/destination.ts'
import { openDestination } from '../../../server/destinations/open-destination.ts'
import { startHttpEndpoint } from '../../support/destinations/http-endpoint.ts'
import type { HttpEndpointServer } from '../../support/destinations/http-endpoint.ts'
import { hasNginx, startNginxDav } from '../../support/destinations/nginx-dav.ts'
import { hasSshd, startSshd } from '../../support/destinations/sshd.ts'
import type { SshServer } from '../../support/destinations/sshd.ts'
import { startS3 } from '../../support/s3-server.ts'
import type { S3Server } from '../../support/s3-server.ts'

const never = new AbortController().signal
const mib = 1024 * 1024

async function deliver(destination: Destination, bytes: Buffer, order = orderOf(bytes)): Promise<unknown> {
  const content = (start: number) => Readable.from([bytes.subarray(start)], { objectMode: false })
  return await destination.deliver(content, order, { signal: never, progress: () => undefined })
}

function orderOf(bytes: Buffer): DeliveryOrder {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { path: `${randomUUID()}.bin`, size: bytes.length, sha256, idempotencyKey: randomUUID() }
}

describe('an HTTP endpoint', () => {
  let server: HttpEndpointServer
  let destination: Destination
  beforeAll(async () => {
    server = await startHttpEndpoint()
    const address = { url: `http://127.0.0.1:${server.port}/`, method: 'PUT' as const, headers: {} }
    destination = await openDestination({ driver: 'http', address, secrets: { signingKey: server.signingKey } }, testRules())
  })
  afterAll(async () => {
    await destination.close()
    await server.close()
  })

  it.each([
    [{ status: 401 }, 'destination_login_refused', {}],
    [{ status: 403 }, 'destination_refused', {}],
    [{ status: 302, headers: { Location: 'http://169.254.169.254/' } }, 'destination_refused', {}],
    [{ status: 308, headers: { Location: '/elsewhere' } }, 'destination_refused', {}],
    [{ status: 413 }, 'destination_too_large', {}],
    [{ status: 422 }, 'destination_refused', {}],
    [{ status: 429, headers: { 'Retry-After': '7' } }, 'destination_unreachable', { details: { retryAfterMs: 7000 } }],
    [{ status: 500 }, 'destination_unreachable', {}],
    [{ status: 503, headers: { 'Retry-After': '999999' } }, 'destination_unreachable', { details: { retryAfterMs: 3_600_000 } }],
    [{ status: 507 }, 'destination_full', {}],
  ])('that answers %j', async (refusal, code, more) => {
    server.refuseBy(refusal)
    const known = { code, retryable: code === 'destination_unreachable', ...more }
    await expect(deliver(destination, Buffer.from('small'))).rejects.toMatchObject(known)
    await expect(deliver(destination, Buffer.alloc(20 * mib))).rejects.toMatchObject(known)
    server.refuseBy(null)
  })

  it('gets the same key with every try, so that it can tell', async () => {
    const order = orderOf(Buffer.from('again'))
    await deliver(destination, Buffer.from('again'), order)
    await deliver(destination, Buffer.from('again'), order)
    expect(server.kept.slice(-2)).toEqual([order.idempotencyKey, order.idempotencyKey])
  })
})

// Where OpenSSH's server is not installed these are named as skipped.
describe.skipIf(!hasSshd)('a server for SFTP', () => {
  let server: SshServer
  beforeAll(async () => {
    server = await startSshd()
  })
  afterAll(async () => await server.stop())
  const openWith = async (more: { hostKey?: string; folder?: string; host?: string; privateKey?: string }) => {
    const { port, user, folder, privateKey } = server
    const address = { host: '127.0.0.1', port, user, folder, readBack: true, ...more }
    return await openDestination({ driver: 'sftp', address, secrets: { privateKey: more.privateKey ?? privateKey } }, testRules())
  }

  it('tells its key at the first test, and gets nothing when it shows another one later', async () => {
    const first = await openWith({})
    expect((await first.probe(never)).hostKey).toBe(server.hostKey)
    await first.close()
    const other = await openWith({ hostKey: `SHA256:${'A'.repeat(43)}` })
    await expect(other.probe(never)).rejects.toMatchObject({ code: 'destination_login_refused', message: expect.stringContaining(server.hostKey) })
    await other.close()
  })

  it.each([
    [{ folder: '/proc/1/nothing' }, 'destination_refused'],
    [{ privateKey: 'no key' }, 'destination_login_refused'],
    [{ host: '127.0.0.2' }, 'destination_refused'],
    [{ host: 'localhost.invalid' }, 'destination_unreachable'],
  ])('with %j', async (more, code) => {
    const destination = await openWith(more)
    await expect(destination.probe(never)).rejects.toMatchObject({ code })
    await destination.close()
  })
})

// Where nginx is not installed these are named as skipped.
describe.skipIf(!hasNginx)('a WebDAV server', () => {
  it('says when a file is too large for it', async () => {
    const server = await startNginxDav()
    const { port, path: below, user, password, mostBytes } = server
    const address = { url: `http://127.0.0.1:${port}${below}`, user, readBack: true }
    const destination = await openDestination({ driver: 'webdav', address, secrets: { password } }, testRules())
    await expect(deliver(destination, Buffer.alloc(mostBytes + 1))).rejects.toMatchObject({ code: 'destination_too_large' })
    await destination.close()
    await server.stop()
  })
})

describe('an S3 store', () => {
  let server: S3Server
  let destination: Destination
  beforeAll(async () => {
    server = await startS3()
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = server.address
    const address = { endpoint, region, bucket, prefix: '', readBack: false }
    destination = await openDestination({ driver: 's3', address, secrets: { accessKeyId, secretAccessKey } }, testRules())
  })
  afterAll(async () => {
    await destination.close()
    await server.close()
  })

  it.each([
    [{ status: 403, code: 'SignatureDoesNotMatch' }, 'destination_login_refused'],
    [{ status: 404, code: 'NoSuchBucket' }, 'destination_login_refused'],
    [{ status: 507, code: 'InsufficientStorage' }, 'destination_full'],
    [{ status: 403, code: 'XMinioStorageFull' }, 'destination_full'],
    [{ status: 400, code: 'EntityTooLarge' }, 'destination_too_large'],
    [{ status: 503, code: 'SlowDown' }, 'destination_unreachable'],
  ])('that answers %j', async (fault, code) => {
    server.breakBy((method) => (method === 'PUT' ? fault : null))
    await expect(deliver(destination, Buffer.from('small'))).rejects.toMatchObject({ code })
    await expect(deliver(destination, Buffer.alloc(20 * mib))).rejects.toMatchObject({ code })
    server.breakBy(() => null)
  })

  it('has compared everything that it got', async () => {
    const before = server.unchecked()
    await deliver(destination, Buffer.from('small'))
    await deliver(destination, Buffer.alloc(20 * mib))
    expect(server.unchecked()).toBe(before)
  })

  it('gets parts one by one after the way to it broke, and more again as they come through', async () => {
    const bytes = Buffer.alloc(48 * mib, 'over a bad way')
    const order = orderOf(bytes)
    const stored = () => Math.max(0, ...[...server.uploads.values()].filter(({ name }) => name === order.path).map(({ parts }) => parts.size))
    server.breakBy((method) => (method === 'PUT' ? 'reset' : null))
    await expect(deliver(destination, bytes, order)).rejects.toMatchObject({ code: 'destination_unreachable' })
    const storedBefore: number[] = []
    server.breakBy((method) => {
      if (method === 'PUT') storedBefore.push(stored())
      return null
    })
    await deliver(destination, bytes, order)
    server.breakBy(() => null)
    // The first alone, then two, three …: each of these came when at least so many had been stored.
    expect(storedBefore.map((at, part) => at >= [0, 1, 1, 2, 2, 3][part]!)).toEqual(Array.from({ length: 6 }, () => true))
    expect(server.objects.get(order.path)?.bytes.equals(bytes)).toBe(true)
  })

  const failPart = (part: string, code: string) => {
    server.breakBy((_method, _name, query) => (query.get('partNumber') === part ? { status: 404, code } : null))
  }

  it('that forgot an upload gets the file with the next try', async () => {
    const bytes = Buffer.alloc(20 * mib, 'expired')
    const order = orderOf(bytes)
    failPart('2', 'NoSuchUpload')
    await expect(deliver(destination, bytes, order)).rejects.toMatchObject({ code: 'destination_unreachable', retryable: true })
    // It goes on listing what it has forgotten.
    server.breakBy((method, _name, query) => (method === 'GET' && query.has('uploadId') ? { status: 404, code: 'NoSuchUpload' } : null))
    expect(await deliver(destination, bytes, order)).toEqual({ outcome: 'delivered', resumedAt: 0 })
    server.breakBy(() => null)
    expect(server.objects.get(order.path)?.bytes.equals(bytes)).toBe(true)
  })

  it('that lists uploads which have ended is not asked to end them for ever', async () => {
    const order = orderOf(Buffer.alloc(20 * mib, 'given up'))
    failPart('2', 'InternalError')
    await expect(deliver(destination, Buffer.alloc(20 * mib, 'given up'), order)).rejects.toThrow()
    let ended = 0
    server.breakBy((method, _name, query) => {
      if (method !== 'DELETE' || !query.has('uploadId')) return null
      ended += 1
      return { status: 204, code: 'StillThere' }
    })
    await destination.abandon(order)
    expect(ended).toBe(1)
    server.breakBy(() => null)
    await destination.abandon(order)
    expect([...server.uploads.values()].filter(({ name }) => name === order.path)).toEqual([])
  })

  it('with parts of other bytes gets them again', async () => {
    const order = orderOf(Buffer.alloc(20 * mib, 'right'))
    const fault = (_method: string, _name: string, query: URLSearchParams) =>
      query.get('partNumber') === '2' ? { status: 400, code: 'BadDigest' } : null
    server.breakBy(fault)
    await expect(deliver(destination, Buffer.alloc(20 * mib, 'wrong'), order)).rejects.toMatchObject({ code: 'destination_refused' })
    server.breakBy(() => null)
    await deliver(destination, Buffer.alloc(20 * mib, 'right'), order)
    expect(server.objects.get(order.path)?.bytes.equals(Buffer.alloc(20 * mib, 'right'))).toBe(true)
  })
})

describe('a folder', () => {
  let place: string
  beforeAll(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'intake-places-'))
  })
  afterAll(async () => await rm(place, { recursive: true, force: true }))
  const openIn = async (folder: string) => await openDestination({ driver: 'directory', address: { folder }, secrets: {} }, testRules(place))

  it('whose links lead out of its place gets nothing', async () => {
    const outside = await mkdtemp(path.join(tmpdir(), 'intake-outside-'))
    await mkdir(path.join(place, 'inside'))
    await symlink(outside, path.join(place, 'link'))
    await symlink(outside, path.join(place, 'inside', 'link'))
    await expect(deliver(await openIn('link'), Buffer.from('x'))).rejects.toMatchObject({ code: 'destination_refused' })
    const order = { ...orderOf(Buffer.from('x')), path: 'link/x' }
    await expect(deliver(await openIn('inside'), Buffer.from('x'), order)).rejects.toMatchObject({ code: 'destination_refused' })
    expect(await readdir(outside)).toEqual([])
    await mkdir(path.join(place, 'sibling'))
    await symlink(path.join(place, 'sibling'), path.join(place, 'inside', 'to-sibling'))
    const toSibling = { ...order, path: 'to-sibling/x' }
    await expect(deliver(await openIn('inside'), Buffer.from('x'), toSibling)).rejects.toMatchObject({ code: 'destination_refused' })
    expect(await readdir(path.join(place, 'sibling'))).toEqual([])
    await rm(outside, { recursive: true })
  })

  it('gives what the system copied there the rights of any new file', async () => {
    const bytes = Buffer.from('to be read by others')
    const kept = path.join(place, 'kept')
    await writeFile(kept, bytes, { mode: 0o600 })
    await mkdir(path.join(place, 'readers'))
    const destination = await openIn('readers')
    const [copied, written] = [orderOf(bytes), orderOf(bytes)]
    const content = (start: number) => Readable.from([bytes.subarray(start)], { objectMode: false })
    await destination.deliver(Object.assign(content, { file: kept }), copied, { signal: never, progress: () => undefined })
    await deliver(destination, bytes, written)
    const modeOf = async (name: string) => (await stat(path.join(place, 'readers', name))).mode
    expect(await modeOf(copied.path)).toBe(await modeOf(written.path))
  })

  it('that is full says so, and keeps no piece of the file', async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('only root can mount a small disk')
    const small = path.join(place, 'small')
    await mkdir(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      await expect(deliver(await openIn('small'), Buffer.alloc(2 * mib))).rejects.toMatchObject({ code: 'destination_full' })
      expect(await readdir(small)).toEqual([])
      if (hasSshd) await expect(deliverBySftp(small)).rejects.toMatchObject({ code: 'destination_full' })
    } finally {
      execFileSync('umount', ['--lazy', small])
    }
  })
})

async function deliverBySftp(folder: string): Promise<unknown> {
  const server = await startSshd()
  const address = { host: '127.0.0.1', port: server.port, user: server.user, folder, readBack: true }
  const destination = await openDestination({ driver: 'sftp', address, secrets: { privateKey: server.privateKey } }, testRules())
  try {
    return await deliver(destination, Buffer.alloc(2 * mib))
  } finally {
    await destination.close()
    await server.stop()
  }
}
