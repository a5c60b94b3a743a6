import { mkdirSync, readFileSync } from 'node:fs'
import { enableCompileCache, flushCompileCache } from 'node:module'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type { App, ProcessRole } from './app.ts'
import { loadConfig } from './config/config.ts'
import { genericWrappers } from './config/v8-flags.ts'
import { AppError, messageOf } from './errors.ts'
import { createLogger } from './logging/logger.ts'

/** Threads that wait for disks: while a file is brought to the disk it holds one of them, and all else that is asked of files would stand behind the usual four. */
const waitingThreads = '16'

/**
 * Starts one process: `node server/main.ts [serve|work]`, without a word both. The only place that reads the environment, hears signals and ends the process.
 */
async function main(): Promise<void> {
  readDotEnv()
  const config = loadConfig(process.env, (file) => readFileSync(file, 'utf8'))
  const log = createLogger({ level: config.logLevel, terminal: process.stdout.isTTY, destination: process.stderr })
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection')
    process.exit(70)
  })
  // Before there are threads.
  process.env['UV_THREADPOOL_SIZE'] ??= waitingThreads
  setFlagsFromString(genericWrappers)
  keepCompiled(path.join(config.dataDir, 'compiled'))
  const { createApp } = await import('./app.ts')
  const app = await createApp(config, log, { role: roleOf(process.argv[2]) })
  const stop = (signal: string) => void shutDown(app, signal, log)
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  announce(app, config.admin.login)
  flushCompileCache()
}

/** What is loaded from here on, in this process and in its threads, is compiled once and kept: further threads and starts take less time and memory. */
function keepCompiled(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  enableCompileCache(dir)
  process.env['NODE_COMPILE_CACHE'] ??= dir
}

function announce(app: App, login: string): void {
  if (app.firstPassword) {
    process.stdout.write(
      `\nThe administrator was made. Log in with\n    login     ${login}\n    password  ${app.firstPassword}\nThe password is shown this once.\n\n`,
    )
  }
  process.stdout.write(app.address ? `Intake is listening on ${app.address}\n` : 'Intake is ready to work on runs\n')
}

function roleOf(word: string | undefined): ProcessRole {
  if (word === undefined) return 'both'
  if (word === 'serve' || word === 'work') return word
  throw new AppError('invalid_input', `"${word}" is nothing that a process can do: serve, work, or no word for both.`)
}

async function shutDown(app: App, signal: string, log: ReturnType<typeof createLogger>): Promise<void> {
  log.info({ signal }, 'stopping')
  await app.close()
  log.info('stopped')
  process.exit(0)
}

function readDotEnv(): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`Intake can't start: ${messageOf(error)}\n`)
  process.exit(1)
})
