import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../scripts/testing/free-port.ts'
import { tools } from '../../../scripts/testing/machine.ts'
import { end, launch } from './launch.ts'

/** OpenSSH's own server for SFTP, with keys of its own; whoever runs the tests may log in to it. */
export type SshServer = {
  port: number
  user: string
  /** Those that may log in, and ones that may not. */
  privateKey: string
  strangersKey: string
  /** Fingerprint of the server's key. */
  hostKey: string
  /** Empty at first. */
  folder: string
  stop(): Promise<void>
}

const sftpServers = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server', '/usr/libexec/sftp-server']

/** What can't is named as skipped. */
export const hasSshd = tools.sshd.find() !== null

/** `env`: what the part that reads and writes files is started with. */
export async function startSshd(env: Record<string, string> = {}): Promise<SshServer> {
  const program = tools.sshd.find()
  if (program === null) throw new Error('sshd is not installed')
  const home = mkdtempSync(join(tmpdir(), 'intake-sshd-'))
  const [host, client, stranger] = ['host', 'client', 'stranger'].map((name) => makeKey(join(home, name)))
  const port = await freePort()
  const folder = join(home, 'files')
  mkdirSync(folder)
  // Where root starts it, it wants this folder for the part that has no rights.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  writeFileSync(join(home, 'authorized'), readFileSync(`${client}.pub`), { mode: 0o600 })
  chmodSync(home, 0o700)
  writeFileSync(join(home, 'config'), configOf(home, host!, { port, sftp: sftpServer(home, env) }))
  const server = await launch(program, ['-D', '-e', '-f', join(home, 'config')], port)
  const fingerprint = execFileSync('ssh-keygen', ['-l', '-E', 'sha256', '-f', `${host}.pub`], { encoding: 'utf8' })
  return {
    port,
    user: userInfo().username,
    privateKey: readFileSync(client!, 'utf8'),
    strangersKey: readFileSync(stranger!, 'utf8'),
    hostKey: /SHA256:\S+/.exec(fingerprint)?.[0] ?? '',
    folder,
    stop: async () => {
      await end(server)
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function makeKey(file: string): string {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  return file
}

function sftpServer(home: string, env: Record<string, string>): string {
  const program = sftpServers.find(existsSync)
  const own = Object.entries(env)
  if (!program || own.length === 0) return program ?? 'internal-sftp'
  const script = join(home, 'sftp-server')
  writeFileSync(script, `#!/bin/sh\nexec env ${own.map(([name, value]) => `'${name}=${value}'`).join(' ')} ${program}\n`, { mode: 0o700 })
  return script
}

function configOf(home: string, hostKey: string, { port, sftp }: { port: number; sftp: string }): string {
  return `ListenAddress 127.0.0.1
Port ${port}
HostKey ${hostKey}
PidFile ${join(home, 'pid')}
AuthorizedKeysFile ${join(home, 'authorized')}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp ${sftp}
`
}
