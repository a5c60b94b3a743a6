import { buildClient } from './client-build.ts'

const { ok, output } = await buildClient()
console.log(output)
if (!ok) process.exitCode = 1
