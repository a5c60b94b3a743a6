import type { Command } from 'commander'
import type { Api } from './api.ts'
import type { Printer } from './printer.ts'
import type { Surroundings } from './surroundings.ts'

/** What a command works with. Its answer is the exit code; nothing is 0. */
export type CommandWork = (tools: { api: Api; json: boolean; printer: Printer }) => Promise<number | undefined>

/** What a command is added with. */
export type CommandContext = {
  surroundings: Surroundings
  /** Connects as the options say, does the work, and ends the login. */
  act: (command: Command, work: CommandWork) => Promise<void>
}
