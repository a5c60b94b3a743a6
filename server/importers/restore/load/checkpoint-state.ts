import type { JobOutcome } from '../../../jobs/importer.ts'
import { Tally } from '../report/tally.ts'
import type { TallyState } from '../report/tally.ts'
import { OrdinalSet } from '../source/ordinal-set.ts'

/** What a checkpoint of a run that keeps going says: how far the files were read, what was counted, and what was set aside on the way. */
export type KeepGoingState = { next: number; tally: TallyState; aside: string }

/** What a checkpoint of a run that is done says. */
export type DoneState = { outcome: JobOutcome; tally: TallyState }

export function doneState(outcome: JobOutcome, tally: Tally): DoneState {
  return { outcome, tally: tally.toState() }
}

/** How far a run that keeps going is. */
export class Position {
  /** The ordinal of the first record that was not looked at. */
  next = 0
  tally = new Tally()
  /** Records that refer to rows which are not there yet. */
  aside = new OrdinalSet()

  toState(): KeepGoingState {
    return { next: this.next, tally: this.tally.toState(), aside: this.aside.toText() }
  }

  static fromState(state: unknown): Position {
    const position = new Position()
    if (typeof state !== 'object' || state === null || !('next' in state)) return position
    const { next, tally, aside } = state as KeepGoingState
    position.next = next
    position.tally = Tally.fromState(tally)
    position.aside = OrdinalSet.fromText(aside)
    return position
  }
}
