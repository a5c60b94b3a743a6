import type { SeededRandom } from '../seeded-random.ts'
import { phases } from './run-signals.ts'
import type { KillPoint, Phase, Signal } from './run-signals.ts'

/** The server still tidies up for about so long after the last sign. */
const afterwardsMs = 40

/**
 * Points of time at which a server is to be killed: the phases of a run in turn, each as likely to be hit at any of its moments, measured from the sign that
 * came before the moment in an undisturbed run. The signs keep the points where they belong when another run is quicker or slower.
 */
export function killPoints(trace: Signal[], count: number, random: SeededRandom): KillPoint[] {
  const present = phases.filter((phase) => trace.some((signal) => signal.phase === phase))
  return Array.from({ length: count }, (_none, index) => pointIn(trace, present[index % present.length] ?? 'start', random))
}

function pointIn(trace: Signal[], phase: Phase, random: SeededRandom): KillPoint {
  const own = trace.filter((signal) => signal.phase === phase)
  const from = own[0]?.at ?? 0
  const to = trace.find(({ at, phase: other }) => at > from && other !== phase)?.at ?? (own.at(-1)?.at ?? 0) + afterwardsMs
  // A moment, or one of the signs: those that come close together would else be hit by few.
  const moment = random.next() < 0.5 ? from + random.next() * (to - from) : random.pick(own).at
  const anchor = own.findLast((signal) => signal.at <= moment) ?? random.pick(own)
  return { source: anchor.source, n: anchor.n, delay: Math.round((moment - anchor.at) * 10) / 10, phase }
}
