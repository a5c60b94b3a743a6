import { createApp } from '../../server/app.ts'
import { loadConfig } from '../../server/config/config.ts'
import { createLogger } from '../../server/logging/logger.ts'

/** The product's server, with `serve` or `work` as its first argument or without, and one importer more, which logs at a given pace. */
const intake = { needsTarget: false, parseOptions: () => ({}), checkFile: () => undefined }
const importers = { table: { module: new URL('./importer.ts', import.meta.url).href, intake } }
const config = loadConfig(process.env, () => '')
const log = createLogger({ level: config.logLevel, terminal: false, destination: process.stderr })
const role = process.argv[2] === 'serve' || process.argv[2] === 'work' ? process.argv[2] : 'both'
const app = await createApp(config, log, { role, importers })
process.stdout.write(app.address === null ? 'ready to work on runs\n' : `listening on ${app.address}\n`)
