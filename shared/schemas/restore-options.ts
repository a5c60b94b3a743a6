import { z } from 'zod'

/** Options of kind `restore`. A field that is not known is refused, so that a misspelt one can't be silently without effect. */
export const restoreOptions = z.strictObject({
  mode: z
    .enum(['all_or_nothing', 'keep_going'])
    .default('all_or_nothing')
    .describe('One transaction for everything, or good records now and bad ones to the rejected list.'),
  createTables: z
    .boolean()
    .optional()
    .describe('Create tables that are missing, with types inferred from the file. Default: on for an empty database.'),
  dryRun: z.boolean().default(false).describe('Do everything, then roll it back.'),
  again: z.boolean().default(false).describe('Run it again although the same content went to the same target a moment ago.'),
})

export type RestoreOptions = z.infer<typeof restoreOptions>
