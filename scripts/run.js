// Behind every npm script: `node scripts/run.js scripts/start.ts …` runs scripts/start.ts.
import { runUnderNode24 } from './node24.js'

const [, , path, ...args] = process.argv

await runUnderNode24(new URL(`../${path}`, import.meta.url), args)
