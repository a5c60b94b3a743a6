import { createApp } from '../../server/app.ts'
import { loadConfig } from '../../server/config/config.ts'
import { createLogger } from '../../server/logging/logger.ts'

/** The product's server with one importer more, which logs at a given pace. */
const intake = { needsTarget: false, parseOptions: () => ({}), checkFile: () => undefined }
const importers = { table: { module: new URL('./importer.ts', import.meta.url).href, intake } }
const config = loadConfig(process.env, () => '')
const app = await createApp(config, createLogger({ level: config.logLevel, terminal: false, destination: process.stderr }), { importers })
process.stdout.write(`listening on ${app.address}\n`)
