import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Client } from 'ssh2'
import type { SFTPWrapper } from 'ssh2'
import { loginRefused, networkFailure, refused, unreachable } from '../failures.ts'
import type { HostRules } from '../../config/hosts.ts'

export type SftpServer = {
  host: string
  port: number
  user: string
  /** SHA256:… of the server's key; any is taken where it is not known yet. */
  hostKey: string | undefined
  secrets: { password?: string | undefined; privateKey?: string | undefined; passphrase?: string | undefined }
}

/** A login that works, until `ended` is aborted: nothing that is asked for after that is ever answered. `cut` is for a server that does not answer. */
export type SftpSession = { sftp: SFTPWrapper; hostKey: string; ended: AbortSignal; answerMs: number; end(): void; cut(): void }

/** How long a server may take to let us in, to begin with SFTP, and to answer what it is asked then. */
export type SftpWaits = { connectMs: number; answerMs: number }

export const usualWaits: SftpWaits = { connectMs: 20_000, answerMs: 120_000 }
const keepaliveMs = 15_000

/**
 * Logs in, unless `signal` says that nobody wants it any more. Throws `destination_login_refused`, `destination_refused` for a server that is not the one that
 * is known, `destination_unreachable`.
 */
export async function openSession(
  server: SftpServer,
  rules: HostRules,
  { waits, signal }: { waits: SftpWaits; signal: AbortSignal },
): Promise<SftpSession> {
  const where = `${server.host}:${server.port}`
  rules.check(server.host)
  const client = new Client()
  const ended = new AbortController()
  // Without noDelay, requests wait for acknowledgements of others. Measured: half the rate of writing, a quarter of that of reading.
  const socket = connect({ host: server.host, port: server.port, lookup: rules.lookup, noDelay: true })
  // Before the client hears of it: whoever it wakes then must see it.
  socket.once('close', () => ended.abort())
  const cut = () => void socket.destroy()
  signal.addEventListener('abort', cut, { once: true })
  try {
    const hostKey = await logIn(client, socket, { ...server, readyTimeout: waits.connectMs })
    const sftp = await openSftp(client, ended.signal, waits.connectMs)
    // What breaks later fails the operations that are under way.
    client.on('error', () => undefined)
    sftp.on('error', () => undefined)
    sftp.on('close', () => ended.abort())
    return { sftp, hostKey, ended: ended.signal, answerMs: waits.answerMs, end: () => void client.end(), cut }
  } catch (thrown) {
    client.destroy()
    socket.destroy()
    throw translated(thrown, where)
  } finally {
    signal.removeEventListener('abort', cut)
  }
}

/** A server may let us in and then never say a word: its shell waits for something, or the disk of its home does. */
async function openSftp(client: Client, ended: AbortSignal, mostMs: number): Promise<SFTPWrapper> {
  const { promise, resolve, reject } = Promise.withResolvers<SFTPWrapper>()
  const closed = () => reject(unreachable('The server closed the connection.'))
  const timer = setTimeout(() => reject(unreachable(`The server lets this user in, and did not begin with SFTP for ${mostMs / 1000} s.`)), mostMs)
  ended.addEventListener('abort', closed, { once: true })
  client.sftp((error, opened) => (error ? reject(error) : resolve(opened)))
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    ended.removeEventListener('abort', closed)
  }
}

async function logIn(
  client: Client,
  socket: Socket,
  { user, hostKey, secrets, readyTimeout }: SftpServer & { readyTimeout: number },
): Promise<string> {
  let shown = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  client.once('ready', resolve)
  client.on('error', reject)
  socket.on('error', reject)
  client.once('close', () => reject(unreachable('The server closed the connection.')))
  const { password, privateKey, passphrase } = secrets
  try {
    client.connect({
      sock: socket,
      username: user,
      ...(password !== undefined && { password }),
      ...(privateKey !== undefined && { privateKey, ...(passphrase !== undefined && { passphrase }) }),
      readyTimeout,
      keepaliveInterval: keepaliveMs,
      keepaliveCountMax: 4,
      hostVerifier: (key: Buffer) => {
        shown = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
        return hostKey === undefined || hostKey === shown
      },
    })
  } catch (cause) {
    throw loginRefused('The private key can’t be read. Is it an OpenSSH key, and its passphrase right?', cause)
  }
  try {
    await promise
  } catch (thrown) {
    if (hostKey !== undefined && shown !== '' && shown !== hostKey) throw otherHost(shown, thrown)
    throw thrown
  }
  return shown
}

function otherHost(shown: string, cause: unknown): Error {
  return loginRefused(`The server shows another key than it did (${shown}). If it was changed on purpose, enter the new one.`, cause)
}

function translated(thrown: unknown, where: string): unknown {
  const level = thrown instanceof Error && 'level' in thrown ? thrown.level : ''
  if (level === 'client-authentication') return loginRefused(`${where} refuses the login.`, thrown)
  if (level === 'handshake') return refused(`${where} and Intake have no way of talking in common, or it is no SSH server.`, thrown)
  return networkFailure(thrown, where)
}
