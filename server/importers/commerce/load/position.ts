import { Tally } from '../report/tally.ts'
import type { TallyState } from '../report/tally.ts'

type PositionState = { next: string; tally: TallyState }

/** How far a run is: the step, and how many records it has taken. Files are read again from their beginning, and what is in is passed over. */
export class Position {
  step = 0
  taken = 0
  tally = new Tally()

  get isStart(): boolean {
    return this.step === 0 && this.taken === 0
  }

  toState(): PositionState {
    return { next: `${this.step}:${this.taken}`, tally: this.tally.toState() }
  }

  static fromState(state: unknown): Position {
    const position = new Position()
    if (typeof state !== 'object' || state === null || !('next' in state)) return position
    const { next, tally } = state as PositionState
    const [step, taken] = next.split(':').map(Number)
    position.step = step ?? 0
    position.taken = taken ?? 0
    position.tally = Tally.fromState(tally)
    return position
  }
}
