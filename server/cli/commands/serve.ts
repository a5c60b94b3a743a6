import type { Command } from 'commander'
import { AppError } from '../../errors.ts'
import type { CommandContext } from '../command-context.ts'
import type { Surroundings } from '../surroundings.ts'

/** `intake serve` and `intake work` */
export function addServe(program: Command, { surroundings }: CommandContext): void {
  program
    .command('serve')
    .description('start a server here, with the settings of the environment and of .env')
    .action(async () => await runServer(surroundings, 'serve'))
  program
    .command('work')
    .description('start a process here that works on runs and serves nobody; needs REDIS_URL')
    .action(async () => await runServer(surroundings, 'work'))
}

async function runServer(surroundings: Surroundings, role: 'serve' | 'work'): Promise<void> {
  const code = await surroundings.serve(role)
  if (code !== 0) throw new AppError('internal', `The server ended with exit code ${code}.`)
}
