import { z } from 'zod'
import type { QueueEntry } from './queue.ts'

/** What travels through Redis. Processes of an older release may read it: what they could misread gets another version. */
const payload = z.object({ version: z.literal(1), importId: z.string().min(1), attempt: z.int().min(0) })

/** The next attempt is another job than the last one. BullMQ takes no colon in an id, and our own ids have none. */
export function toJob({ importId, attempt }: QueueEntry) {
  return { name: 'attempt', data: { version: 1, importId, attempt } satisfies z.infer<typeof payload>, opts: { jobId: `${importId}.${attempt}` } }
}

/** Null for a payload that this release does not know. */
export function fromJob(data: unknown): QueueEntry | null {
  return payload.safeParse(data).data ?? null
}
