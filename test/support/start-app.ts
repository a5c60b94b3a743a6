import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { createApp } from '../../server/app.ts'
import { loadConfig } from '../../server/config/config.ts'
import { createLogger } from '../../server/logging/logger.ts'
import { ApiClient } from './api-client.ts'
import { scriptedImporters } from './scripted/parts.ts'

export const adminLogin = 'admin'
export const adminPassword = 'correct horse battery'

export type TestApp = {
  url: string
  dataDir: string
  /** The lines of the server's log so far, as JSON. */
  logLines(): Record<string, unknown>[]
  /** A client that is logged in as the administrator. */
  admin(): Promise<ApiClient>
  /** Ends the application and starts it again on the same data, with the same settings but for those given. */
  restart(env?: Record<string, string>): Promise<TestApp>
  /** Ends it and removes its data. */
  close(): Promise<void>
}

/** Starts the whole application in this process, on a free port and a folder of its own. `env` are settings as in the environment. */
export async function startApp(env: Record<string, string> = {}): Promise<TestApp> {
  const dataDir = env['DATA_DIR'] ?? (await mkdtemp(path.join(tmpdir(), 'intake-app-')))
  const lines: string[] = []
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(...chunk.toString('utf8').trimEnd().split('\n'))
      done()
    },
  })
  const settings = { PORT: '0', DATA_DIR: dataDir, ADMIN_LOGIN: adminLogin, ADMIN_PASSWORD: adminPassword, LOG_LEVEL: 'debug', ...env }
  const config = loadConfig(settings, () => '')
  const log = createLogger({ level: config.logLevel, terminal: false, destination })
  const app = await createApp(config, log, { importers: scriptedImporters })
  const url = app.address ?? ''
  return {
    url,
    dataDir,
    logLines: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    admin: async () => await new ApiClient(url).login(adminLogin, adminPassword),
    restart: async (changed = {}) => {
      await app.close()
      return await startApp({ ...env, DATA_DIR: dataDir, ...changed })
    },
    close: async () => {
      await app.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
