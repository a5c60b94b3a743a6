import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../../../scripts/testing/free-port.ts'
import { tools } from '../../../scripts/testing/machine.ts'

export type Nginx = { url: string; stop(): Promise<void> }

const example = path.join(import.meta.dirname, '..', '..', '..', 'docs', 'nginx.conf')

/** Runs an nginx in this project's example configuration before these servers, in the foreground and in a folder of its own. */
export async function startNginx(serverUrls: [string, string]): Promise<Nginx> {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-nginx-'))
  const port = await freePort()
  const [first, second] = serverUrls.map((url) => new URL(url).host)
  const site = (await readFile(example, 'utf8'))
    .replace('serve-1:3000', first!)
    .replace('serve-2:3000', second!)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
  await writeFile(path.join(folder, 'site.conf'), site)
  await writeFile(path.join(folder, 'nginx.conf'), around(folder))
  const child = spawn(tools.nginx.find() ?? 'nginx', ['-p', folder, '-e', 'stderr', '-c', path.join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
      if (said.includes('start worker process')) resolve()
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`nginx ended with ${code}:\n${said}`)))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What Debian has around a site, with nothing outside of the folder. */
function around(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`)
  // A folder of ours is closed to the user that nginx would become.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 1024; }
http {
  access_log off;
${temporary.join('\n')}
  include ${folder}/site.conf;
}
`
}
