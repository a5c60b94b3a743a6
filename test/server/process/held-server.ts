import { createApp } from '../../../server/app.ts'
import { loadConfig } from '../../../server/config/config.ts'
import { createLogger } from '../../../server/logging/logger.ts'
import { restoreIntake } from '../../../server/importers/restore/intake.ts'

/** A server in a process of its own whose restores stop in the middle. Prints its address, as the product does, and ends in order at SIGTERM. */
const config = loadConfig(process.env, () => '')
const log = createLogger({ level: config.logLevel, terminal: false, destination: process.stderr })
const restore = { module: new URL('./held-restore.ts', import.meta.url).href, intake: restoreIntake }
const app = await createApp(config, log, { importers: { restore } })
process.stdout.write(`listening on ${app.address}\n`)
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)))
