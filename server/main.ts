import { readFileSync } from 'node:fs'
import { createApp } from './app.ts'
import type { App } from './app.ts'
import { loadConfig } from './config/config.ts'
import { messageOf } from './errors.ts'
import { createLogger } from './logging/logger.ts'

/**
 * Starts one process: `node server/main.ts`. The only place that reads the environment, hears signals and ends the process.
 */
async function main(): Promise<void> {
  readDotEnv()
  const config = loadConfig(process.env, (file) => readFileSync(file, 'utf8'))
  const log = createLogger({ level: config.logLevel, terminal: process.stdout.isTTY, destination: process.stderr })
  process.on('unhandledRejection', (error) => {
    log.fatal({ err: error }, 'unhandled rejection')
    process.exit(70)
  })
  const app = await createApp(config, log)
  announce(app, config.admin.login)
  const stop = (signal: string) => void shutDown(app, signal, log)
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

function announce(app: App, login: string): void {
  if (app.firstPassword) {
    process.stdout.write(
      `\nThe administrator was made. Log in with\n    login     ${login}\n    password  ${app.firstPassword}\nThe password is shown this once.\n\n`,
    )
  }
  process.stdout.write(`Intake is listening on ${app.address}\n`)
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
