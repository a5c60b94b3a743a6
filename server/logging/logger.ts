import { Writable } from 'node:stream'
import { pino } from 'pino'
import type { Logger } from 'pino'
import pretty from 'pino-pretty'

export type { Logger } from 'pino'

const secrets = ['password', 'token', 'url', 'cookie', 'authorization', 'secret', '*.password', '*.token', '*.cookie', '*.authorization', '*.secret']

/**
 * The server's log: JSON lines in a pipe, coloured lines on a terminal. `destination` is where they go.
 * Secrets are redacted by the names of their fields; what a file contains is never given to it.
 */
export function createLogger(options: { level: string; terminal: boolean; destination: Writable }): Logger {
  const settings = { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths: secrets, censor: '…' } }
  if (!options.terminal) return pino(settings, options.destination)
  const stream = pretty({
    colorize: true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'scope',
    messageFormat: '{scope} {msg}',
    destination: options.destination,
  })
  return pino(settings, stream)
}
