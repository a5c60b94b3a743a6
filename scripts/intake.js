#!/usr/bin/env node
// `npx intake …`, the terminal's way in.
import { runUnderNode24 } from './node24.js'

await runUnderNode24(new URL('../server/cli/main.ts', import.meta.url), process.argv.slice(2))
