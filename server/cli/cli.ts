import { Command, CommanderError } from 'commander'
import { AppError, messageOf } from '../errors.ts'
import { addAccounts } from './commands/accounts.ts'
import { addCheckLogs } from './commands/check-logs.ts'
import { addControls } from './commands/controls.ts'
import { addList } from './commands/list.ts'
import { addLogs } from './commands/logs.ts'
import { addServe } from './commands/serve.ts'
import { addStart } from './commands/start.ts'
import { addStatus } from './commands/status.ts'
import { addTargets } from './commands/targets.ts'
import { addTrace } from './commands/trace.ts'
import { addUsers } from './commands/users.ts'
import { addWatch } from './commands/watch.ts'
import type { CommandContext, CommandWork } from './command-context.ts'
import { connect } from './connection.ts'
import type { GlobalOptions } from './connection.ts'
import { Printer } from './printer.ts'
import { UsageError, exitCodes } from './surroundings.ts'
import type { Surroundings } from './surroundings.ts'
import { safeLine } from './terminal-text.ts'

/** Runs one command line (without `node` and the script). Answers the exit code; throws nothing. */
export async function runCli(args: string[], surroundings: Surroundings): Promise<number> {
  let exitCode: number = exitCodes.succeeded
  const program = createProgram(surroundings, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, program.opts<GlobalOptions>().json === true || args.includes('--json'), surroundings)
  }
}

function createProgram(surroundings: Surroundings, setExitCode: (code: number) => void): Command {
  const { out, err } = surroundings
  const program = new Command('intake')
    .description('Puts files where they belong, and watches them to the end.')
    .option('--url <url>', 'address of the server (INTAKE_URL; default http://127.0.0.1:3000)')
    .option('--login <login>', 'who you are (INTAKE_LOGIN; asked for on a terminal)')
    .option('--password <password>', 'your password (INTAKE_PASSWORD; asked for on a terminal)')
    .option('--token <token>', 'a watch token instead of a login (INTAKE_TOKEN): it only watches its own import')
    .option('--json', 'results as JSON')
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })
    .showHelpAfterError('(intake --help says what there is)')
    .addHelpText('after', '\nExit code: 0 succeeded, 1 failed, 2 wrong use, 3 partly failed.')
  const context: CommandContext = { surroundings, act: (command, work) => act(command, work, surroundings).then(setExitCode) }
  for (const add of [
    addServe,
    addStart,
    addWatch,
    addStatus,
    addLogs,
    addCheckLogs,
    addControls,
    addList,
    addTargets,
    addAccounts,
    addTrace,
    addUsers,
  ])
    add(program, context)
  return program
}

async function act(command: Command, work: CommandWork, surroundings: Surroundings): Promise<number> {
  const options = command.optsWithGlobals<GlobalOptions>()
  const json = options.json === true
  const api = await connect(options, surroundings)
  try {
    return (await work({ api, json, printer: new Printer(surroundings.out, json) })) ?? exitCodes.succeeded
  } finally {
    await api.close()
  }
}

function report(error: unknown, json: boolean, { out, err, interrupted }: Surroundings): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.succeeded
    // Commander has told people already.
    if (json) out.write(`${JSON.stringify({ error: { code: 'usage', message: error.message } })}\n`)
    return exitCodes.usage
  }
  if (interrupted.aborted || (error instanceof Error && error.name === 'AbortError')) return exitCodes.interrupted
  const usage = error instanceof UsageError || (error instanceof AppError && error.code === 'invalid_input')
  const code = error instanceof AppError ? error.code : usage ? 'usage' : 'internal'
  if (json)
    out.write(`${JSON.stringify({ error: { code, message: messageOf(error), ...(error instanceof AppError && { details: error.details }) } })}\n`)
  else
    err.write(
      `intake: ${safeLine(messageOf(error))}${error instanceof AppError ? ` (${[code, requestIdOf(error)].filter(Boolean).join(', ')})` : ''}\n`,
    )
  return usage ? exitCodes.usage : exitCodes.failed
}

function requestIdOf({ details }: AppError): string | undefined {
  const id = details?.['requestId']
  return typeof id === 'string' ? `request id ${safeLine(id)}` : undefined
}
