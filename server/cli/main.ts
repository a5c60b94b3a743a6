#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { askPerson } from './ask.ts'
import { runCli } from './cli.ts'
import type { Surroundings } from './surroundings.ts'

/** The terminal's door: the only file here that touches the process. */
async function main(): Promise<void> {
  const { stdin, stdout, stderr } = process
  const interrupted = new AbortController()
  // A reader that has seen enough (`| head`) is no fault.
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const surroundings: Surroundings = {
    env: process.env,
    out: stdout,
    err: stderr,
    ask: stdin.isTTY && stderr.isTTY ? async (question, hidden) => await askPerson(question, hidden, stdin, stderr) : null,
    interrupted: interrupted.signal,
    serve,
  }
  onSignals(['SIGINT'], () => {
    if (interrupted.signal.aborted) process.exit(130)
    interrupted.abort(new Error('Interrupted.'))
  })
  process.exitCode = await runCli(process.argv.slice(2), surroundings)
}

async function serve(role: 'serve' | 'work'): Promise<number> {
  // In a process group of its own, so that Ctrl-C reaches it once: through here.
  const server = spawn(process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url)), role], { stdio: 'inherit', detached: true })
  onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], (signal) => server.kill(signal))
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  server.once('exit', (code) => resolve(code ?? 1))
  return await promise
}

/** One press of Ctrl-C may come twice: from the terminal, and from the program that started this one. */
function onSignals(signals: NodeJS.Signals[], act: (signal: NodeJS.Signals) => void): void {
  let last = -Infinity
  for (const name of signals) {
    process.on(name, (signal) => {
      if (performance.now() - last > 500) act(signal)
      last = performance.now()
    })
  }
}

await main()
