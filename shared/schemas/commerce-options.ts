import { z } from 'zod'

/** What can be taken over from 1C, in the order in which a run does it: prices and stocks belong to offers of the catalog. */
export const commerceTypes = ['catalog', 'prices', 'stocks', 'customers'] as const
export type CommerceType = (typeof commerceTypes)[number]

const percent = z.number().min(0).max(100)

/** Options of kind `commerce`. A field that is not known is refused, so that a misspelt one can't be silently without effect. */
export const commerceOptions = z.strictObject({
  types: z
    .array(z.enum(commerceTypes))
    .min(1)
    .refine((types) => new Set(types).size === types.length, 'each type once')
    .describe('What is taken over. Nothing else is touched. The first is the primary one.'),
  source: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .default('1c')
    .describe('Which 1C database it comes from: rows are known by source and Ид, so that two databases do not mix.'),
  guard: z.boolean().default(true).describe('Ask a person before anything is written when much would be removed or many prices move far.'),
  limits: z
    .strictObject({
      removed: percent.default(10).describe('Percent of the products that may be marked as deleted.'),
      moved: percent.default(5).describe('Percent of the prices that may move far.'),
      by: z.number().min(0).default(30).describe('Percent by which a price must move to have moved far.'),
    })
    .prefault({})
    .describe('What the guard lets pass.'),
  compare: z
    .enum(['auto', 'always'])
    .default('auto')
    .describe(
      '`auto`: the content of the last run once more is known as such, and no row is looked at. `always`: each is compared, and what was changed by hand is put right.',
    ),
  confirmed: z.boolean().default(false).describe('A person saw what the guard asked about, and lets it go on.'),
  again: z.boolean().default(false).describe('Run it again although the same content went to the same target a moment ago.'),
})

export type CommerceOptions = z.infer<typeof commerceOptions>

/** Options of a run that `mode=deactivate` of the exchange began: it reads the files of other runs, and imports nothing. Nobody else can start one. */
export const sweepOptions = commerceOptions.extend({
  sweep: z.array(z.string()).min(1).describe('The import sessions of the exchange: what none of them brought is marked as deleted.'),
})
export type SweepOptions = z.infer<typeof sweepOptions>
