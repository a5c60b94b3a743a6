import { createApp } from '../../../server/app.ts'
import { loadConfig } from '../../../server/config/config.ts'
import { createLogger } from '../../../server/logging/logger.ts'
import { scriptedImporters } from '../../support/scripted/parts.ts'

/** A server in a process of its own that knows the scripted importer too. Prints its address, as the product does, and ends in order at SIGTERM. */
const config = loadConfig(process.env, () => '')
const app = await createApp(config, createLogger({ level: config.logLevel, terminal: false, destination: process.stderr }), scriptedImporters)
process.stdout.write(`listening on ${app.address}\n`)
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)))
