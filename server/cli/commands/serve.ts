import type { Command } from 'commander'
import { AppError } from '../../errors.ts'
import type { CommandContext } from '../command-context.ts'

/** `intake serve` */
export function addServe(program: Command, { surroundings }: CommandContext): void {
  program
    .command('serve')
    .description('start a server here, with the settings of the environment and of .env')
    .action(async () => {
      const code = await surroundings.serve()
      if (code !== 0) throw new AppError('internal', `The server ended with exit code ${code}.`)
    })
}
