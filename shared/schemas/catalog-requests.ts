import { z } from 'zod'
import { rowsQuery } from './requests.ts'

export const catalogQuery = z.object({ source: z.string().min(1).max(100) })
export const productsQuery = rowsQuery.extend({
  source: z.string().min(1).max(100),
  group: z.string().min(1).max(1000).optional(),
  q: z.string().max(200).optional(),
})
export const pictureQuery = catalogQuery.extend({ path: z.string().min(1).max(1000) })
