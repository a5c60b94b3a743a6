import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import ssh2 from 'ssh2'
import type { Connection, Session } from 'ssh2'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { destinationHosts } from '../../../server/destinations/destination-hosts.ts'
import type { DeliveryOrder, Destination } from '../../../server/destinations/destination.ts'
import { SftpDestination } from '../../../server/destinations/sftp/sftp-destination.ts'
import { startProxy } from '../../support/destinations/breaking-proxy.ts'
import type { BreakingProxy } from '../../support/destinations/breaking-proxy.ts'
import { hasSshd, startSshd } from '../../support/destinations/sshd.ts'
import type { SshServer } from '../../support/destinations/sshd.ts'
import { eventually } from '../../support/eventually.ts'
import { failingDisk, hasLibfiu } from '../../support/lying-disk.ts'

const never = new AbortController().signal
const bytes = Buffer.from('small')
const rules = destinationHosts(['127.0.0.1'])

async function deliver(destination: Destination, signal = never): Promise<unknown> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const order: DeliveryOrder = { path: `${randomUUID()}.bin`, size: bytes.length, sha256, idempotencyKey: randomUUID() }
  const content = (start: number) => Readable.from([bytes.subarray(start)], { objectMode: false })
  return await destination.deliver(content, order, { signal, progress: () => undefined })
}

// Where OpenSSH's server is not installed these are named as skipped.
describe.skipIf(!hasSshd)('deliveries by SFTP at the same time', () => {
  let server: SshServer
  let proxy: BreakingProxy
  beforeAll(async () => {
    server = await startSshd()
    proxy = await startProxy(server.port)
  })
  afterAll(async () => {
    await proxy.close()
    await server.stop()
  })
  const open = (privateKey = server.privateKey) => {
    const { user, folder, hostKey } = server
    const place = { server: { host: '127.0.0.1', port: proxy.port, user, hostKey, secrets: { privateKey } }, folder, readBack: true }
    return new SftpDestination(place, rules)
  }
  const eight = async (destination: Destination) => await Promise.allSettled(Array.from({ length: 8 }, async () => await deliver(destination)))

  it('share one connection, also the one that is made after it broke, and leave none', async () => {
    const destination = open()
    expect((await eight(destination)).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'fulfilled'))
    expect(proxy.open()).toBe(1)
    proxy.breakAfter(0)
    await eventually(() => expect(proxy.open()).toBe(0))
    proxy.heal()
    expect((await eight(destination)).map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'fulfilled'))
    expect(proxy.open()).toBe(1)
    await destination.close()
    await eventually(() => expect(proxy.open()).toBe(0))
  })

  it('try a login that is refused once, not each for itself', async () => {
    const destination = open(server.strangersKey)
    const before = proxy.opened()
    const reasons = (await eight(destination)).map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : ''))
    expect(new Set(reasons)).toEqual(new Set(['destination_login_refused']))
    expect(proxy.opened() - before).toBe(1)
    await destination.close()
  })
})

/** How far a server goes before it says nothing more. */
type Silence = 'before the login' | 'before SFTP' | 'in SFTP'

/** A server that lets anybody in, keeps its connections alive, and stops answering at that point. */
async function startSilent(
  silence: Silence,
): Promise<{ open: (waits?: { connectMs: number; answerMs: number }) => Destination; asked: Promise<void> }> {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519')
  const clients = new Set<Connection>()
  const asked = Promise.withResolvers<void>()
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    clients.add(client)
    client.on('error', () => undefined)
    client.on('authentication', (login) => (silence === 'before the login' ? asked.resolve() : login.accept()))
    client.on('session', (accept) => void listen(accept()))
  })
  const listen = (session: Session) =>
    session.on('sftp', (accept) => {
      if (silence === 'in SFTP') accept().on('LSTAT', () => asked.resolve())
      else asked.resolve()
    })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(async () => {
    for (const client of clients) client.end()
    server.close()
    await once(server, 'close')
  })
  const place = { server: { host: '127.0.0.1', port, user: 'somebody', hostKey: undefined, secrets: { password: 'x' } }, folder: '.', readBack: true }
  return { open: (waits) => new SftpDestination(place, rules, waits), asked: asked.promise }
}

describe('a server for SFTP that says nothing more', () => {
  it.each<Silence>(['before the login', 'before SFTP', 'in SFTP'])('%s is one that can’t be reached now', async (silence) => {
    const destination = (await startSilent(silence)).open({ connectMs: 300, answerMs: 300 })
    await expect(deliver(destination)).rejects.toMatchObject({ code: 'destination_unreachable', retryable: true })
    await destination.close()
  })

  it.each<Silence>(['before the login', 'before SFTP', 'in SFTP'])('%s holds up nobody who is to stop, or to close', async (silence) => {
    const { open, asked } = await startSilent(silence)
    const destination = open()
    const stop = new AbortController()
    const stopped = Promise.allSettled([deliver(destination, stop.signal)])
    await asked
    const reason = new Error('enough')
    stop.abort(reason)
    expect(await stopped).toEqual([{ status: 'rejected', reason }])
    await destination.close()
  })
})

// Where OpenSSH's server or libfiu is not installed this is named as skipped.
it.skipIf(!hasSshd || !hasLibfiu)('a delivery to a server that can’t make it safe has not arrived', async () => {
  const server = await startSshd(failingDisk('sync'))
  onTestFinished(async () => await server.stop())
  const { port, user, folder, hostKey, privateKey } = server
  const destination = new SftpDestination(
    { server: { host: '127.0.0.1', port, user, hostKey, secrets: { privateKey } }, folder, readBack: false },
    rules,
  )
  onTestFinished(async () => await destination.close())
  await expect(deliver(destination)).rejects.toMatchObject({ code: 'destination_refused' })
  expect((await readdir(folder)).filter((name) => name.endsWith('.bin'))).toEqual([])
})
