import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../scripts/testing/free-port.ts'
import { tools } from '../../../scripts/testing/machine.ts'
import { end, launch } from './launch.ts'

/** nginx with its WebDAV methods, behind a login. */
export type DavServer = {
  port: number
  /** Below the server's root. */
  path: string
  user: string
  password: string
  folder: string
  /** Largest body that it takes. */
  mostBytes: number
  stop(): Promise<void>
}

/** What can't is named as skipped. */
export const hasNginx = tools.nginx.find() !== null

export async function startNginxDav(): Promise<DavServer> {
  const program = tools.nginx.find()
  if (program === null) throw new Error('nginx is not installed')
  const home = mkdtempSync(join(tmpdir(), 'intake-dav-'))
  const port = await freePort()
  const [user, password] = ['ünser Konto', 'pässword: with colon']
  const mostBytes = 64 * 1024 * 1024
  for (const folder of ['root/files', 'temporary']) mkdirSync(join(home, folder), { recursive: true })
  const sum = createHash('sha1').update(password).digest('base64')
  writeFileSync(join(home, 'users'), `${user}:{SHA}${sum}\n`)
  writeFileSync(join(home, 'nginx.conf'), configOf(home, port, mostBytes))
  const server = await launch(program, ['-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')], port)
  return {
    port,
    path: '/files/',
    user,
    password,
    folder: join(home, 'root', 'files'),
    mostBytes,
    stop: async () => {
      await end(server, 'SIGTERM')
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function configOf(home: string, port: number, mostBytes: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${home}/temporary/${name};`).join('\n  ')
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
master_process off;
pid ${home}/pid;
error_log ${home}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  ${temporary}
  server {
    listen 127.0.0.1:${port};
    root ${home}/root;
    client_max_body_size ${mostBytes};
    auth_basic "files";
    auth_basic_user_file ${home}/users;
    location / {
      dav_methods PUT DELETE MKCOL MOVE;
    }
  }
}
`
}
