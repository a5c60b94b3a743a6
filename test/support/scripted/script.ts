import { z } from 'zod'
import { logLevels } from '../../../shared/protocol/views.ts'

/** What a scripted run can be told to do, one step after the other. */
const step = z.union([
  z.strictObject({ log: z.string(), level: z.enum(logLevels).optional(), stream: z.string().optional(), data: z.unknown().optional() }),
  /** So many numbered lines, of so many characters each. */
  z.strictObject({ lines: z.number().int(), length: z.number().int().optional() }),
  z.strictObject({ progress: z.number(), done: z.number().optional(), total: z.number().optional() }),
  z.strictObject({ reject: z.number().int(), reason: z.string().optional(), content: z.string().optional() }),
  /** Waits until this file is there; with `deaf`, also when the run is asked to stop. */
  z.strictObject({ until: z.string(), deaf: z.boolean().optional() }),
  /** Reads all files of the run to their ends. */
  z.strictObject({ read: z.literal(true) }),
  /** Asks a person, unless one has said that it may go on. */
  z.strictObject({ hold: z.string() }),
  z.strictObject({ throw: z.string() }),
  /** Its target can't be reached while this file is there; with `once`, that takes the file away. */
  z.strictObject({ awayWhile: z.string(), once: z.boolean().optional() }),
  /** The thread ends without a word, while this file is there; with `once`, it takes the file away. */
  z.strictObject({ crash: z.literal(true), while: z.string().optional(), once: z.boolean().optional() }),
  /** The whole process ends without a word, while this file is there. */
  z.strictObject({ kill: z.literal(true), while: z.string().optional() }),
  /** Fills the memory of the thread until it may have no more. */
  z.strictObject({ fill: z.literal(true) }),
  z.strictObject({ end: z.enum(['succeeded', 'partly_failed', 'failed']) }),
])

export const script = z.array(step)
export type Script = z.infer<typeof script>
