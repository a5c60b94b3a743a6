import type { ErrorCode } from '../../../../shared/protocol/errors.ts'
import type { StepChange } from '../load/steps.ts'
import type { RecordKind, RecordPlace } from '../read/record.ts'

/** Which record it is, for people, and to find it again. */
export type RecordName = RecordPlace & { kind: RecordKind; key: string | null }

/** Why a record can't be taken, and what it holds. */
export type Refusal = { code: ErrorCode; message: string; content: string }

/** What a record says to one step, without the record itself. */
export type Item = RecordName & {
  change: StepChange
  /** Null when the record can be taken; else the change is empty. */
  refusal: Refusal | null
  /** Why earlier steps refused the same record. */
  before: string[]
}
