import { z } from 'zod'

const accountId = z.string().min(1).max(100)

/** Options of kind `bulk`. A field that is not known is refused, so that a misspelt one can't be silently without effect. */
export const bulkOptions = z.strictObject({
  accounts: z
    .preprocess((value) => (typeof value === 'string' ? value.split(',').map((id) => id.trim()) : value), z.array(accountId).min(1).max(1000))
    .refine((accounts) => new Set(accounts).size === accounts.length, 'each account once')
    .describe('Ids of the accounts that get each file.'),
  nameTemplate: z
    .string()
    .max(200)
    .default('{name}-{account}-{short id}{ext}')
    .describe('How a copy is called; {short id} has to be in it. With {folder}/ in front it goes into the folders that its file was sent in.'),
  mark: z.boolean().default(true).describe('Put a mark into copies of kinds that can bear one, so that each differs and can be traced back.'),
  again: z.boolean().default(false).describe('Run it again although the same content went to the same accounts a moment ago.'),
})

export type BulkOptions = z.infer<typeof bulkOptions>
