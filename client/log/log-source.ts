import type { StoredEvent } from '../../shared/protocol/views.ts'

/** Lines to be shown, by index from 0. A new object whenever there is something new. */
export type LogSource = {
  count: number
  /** Undefined while it is not here: `need` has it fetched. */
  line(index: number): StoredEvent | undefined
}
