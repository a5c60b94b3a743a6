import type { Script } from '../../support/scripted/script.ts'
import type { SeededRandom } from '../seeded-random.ts'

/** By what a watcher watches: the token of the start, a login by which its page asks for a token, or the watch cookie alone. */
export const rights = ['token', 'login', 'cookie'] as const
export type Right = (typeof rights)[number]

/** What happens while a run goes on. Watchers and gates are meant by their numbers. */
export type Step =
  | { do: 'open' }
  | { do: 'cut' | 'stall' | 'lose' | 'reload' | 'logout'; watcher: number }
  | { do: 'join'; right: Right; after: number }
  | { do: 'kill' | 'terminate' }
  | { do: 'settle' }
  | { do: 'pause'; ms: number }

/** A run and what happens to it, made of chance. `gates` are waited for by the run, one after the other. */
export type WatchPlan = { segments: Script[]; steps: Step[] }

const mostKills = 2

export function makePlan(random: SeededRandom): WatchPlan {
  const segments = Array.from({ length: random.between(3, 6) }, () => makeSegment(random))
  const steps: Step[] = Array.from({ length: random.between(1, 3) }, () => joinStep(random, 0))
  let kills = 0
  for (let left = random.between(8, 16); left > 0; left--) {
    const step = makeStep(random)
    if (step.do === 'kill' || step.do === 'terminate') kills += 1
    if (kills <= mostKills || (step.do !== 'kill' && step.do !== 'terminate')) steps.push(step)
  }
  return { segments, steps }
}

function makeStep(random: SeededRandom): Step {
  const watcher = random.between(0, 5)
  const kind = random.pick([
    'open',
    'open',
    'open',
    'open',
    'cut',
    'cut',
    'stall',
    'lose',
    'reload',
    'logout',
    'join',
    'kill',
    'terminate',
    'settle',
    'pause',
    'pause',
  ])
  switch (kind) {
    case 'cut':
    case 'stall':
    case 'lose':
    case 'reload':
    case 'logout':
      return { do: kind, watcher }
    case 'kill':
    case 'terminate':
      return { do: kind }
    case 'join':
      return joinStep(random, random.pick([0, 0, 0, 7, 150]))
    case 'pause':
      return { do: 'pause', ms: random.between(1, 150) }
    default:
      return kind === 'settle' ? { do: 'settle' } : { do: 'open' }
  }
}

function joinStep(random: SeededRandom, after: number): Step {
  return { do: 'join', right: random.pick(rights), after }
}

/** Lines by the handful, by the hundred and by the thousand; some hold what makes trouble on the way. */
function makeSegment(random: SeededRandom): Script {
  return Array.from({ length: random.between(1, 4) }, () => {
    const kind = random.between(0, 5)
    if (kind === 0) return { progress: random.between(0, 100), done: random.between(0, 1000), total: 1000 }
    if (kind === 1)
      return {
        log: random.pick(texts),
        level: random.pick(['debug', 'warning', 'error']),
        stream: random.pick(texts),
        data: { text: random.pick(texts), of: [1.5, -0, null, 1e300] },
      }
    if (kind === 2) return { lines: random.between(900, 2500), length: random.between(0, 200) }
    return { lines: random.between(1, 300) }
  })
}

const texts = [
  'plain',
  '',
  'зашло · وصل · 到了 · 🚀',
  'half \uD83D of a pair',
  'nul \u0000 inside',
  'two\nlines\r\nand \u2028 more',
  '\u001b[31mred',
  '"quoted" \\ \\n',
  'x'.repeat(70_000),
]
