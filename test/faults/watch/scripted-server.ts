import { createApp } from '../../../server/app.ts'
import { loadConfig } from '../../../server/config/config.ts'
import { createLogger } from '../../../server/logging/logger.ts'
import { scriptedImporters } from '../../support/scripted/parts.ts'

/** A server in a process of its own that knows the scripted importer too. Prints its address, as the product does, and ends in order at SIGTERM. */
const config = loadConfig(process.env, () => '')
const log = createLogger({ level: config.logLevel, terminal: false, destination: process.stderr })
const role = process.argv[2] === 'serve' || process.argv[2] === 'work' ? process.argv[2] : 'both'
const app = await createApp(config, log, { role, importers: scriptedImporters })
process.stdout.write(app.address === null ? 'ready to work on runs\n' : `listening on ${app.address}\n`)
process.once('SIGTERM', () => void app.close().then(() => process.exit(0)))
