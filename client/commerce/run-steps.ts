import type { ImportView } from '../../shared/protocol/views.ts'
import type { CommerceType } from '../../shared/schemas/commerce-options.ts'
import { isFinal } from '../../shared/session-status.ts'
import { runState } from '../status-look.ts'
import type { RunState } from '../status-look.ts'
import { commerceTypes, typesOf } from './types.ts'

export type RunStep = { name: 'check' | 'deactivate' | CommerceType; state: 'done' | 'todo' | RunState }

/** The steps of an import from 1C, and where it is in them; none of a run of another kind. The step that a run stands in has the state of the run. */
export function runSteps(view: ImportView): RunStep[] {
  const chosen = typesOf(view)
  if (chosen.length === 0) return []
  const names: RunStep['name'][] = [
    'check',
    ...(view.options['sweep'] ? ['deactivate' as const] : commerceTypes.filter((type) => chosen.includes(type))),
  ]
  const here = stepOf(view, names)
  return names.map((name, at) => ({ name, state: at < here ? 'done' : at === here ? runState(view) : 'todo' }))
}

/** Index of the step that the run stands in: before the first while it waits for its turn, behind the last when all are done. */
function stepOf(view: ImportView, names: readonly string[]): number {
  const { status, hold, progress } = view
  if (status === 'succeeded' || status === 'partly_failed') return names.length
  if (status === 'queued' && hold?.reason !== 'confirm') return -1
  const said = names.indexOf(progress.step?.name ?? '')
  // A run that ended before it said a word did not even begin to check.
  return isFinal(status) && !progress.step ? -1 : Math.max(0, said)
}
