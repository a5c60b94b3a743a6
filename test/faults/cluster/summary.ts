import type { Faults } from './check-run.ts'
import type { Report } from './stage.ts'

const kinds = ['lost', 'doubled', 'falseStates', 'holes', 'other'] as const satisfies (keyof Faults)[]
const titles = ['fault', 'engine', 'plays', 'runs', 'went on', 'failed in order', 'lost', 'doubled', 'false states', 'holes', 'other']

/** Everything that was wrong in a play, in words. */
export function faultsOf(report: Report): string[] {
  return kinds.flatMap((kind) => report[kind].map((what) => `${kind}: ${what}`))
}

/** A Markdown table with one row for each scenario and engine. Counts runs, and faults that were found. */
export function summaryOf(reports: Report[]): string {
  const rows = [...Map.groupBy(reports, ({ scenario, engine }) => `${scenario} | ${engine}`)].map(([name, list]) => {
    const sum = (count: (report: Report) => number): number => list.reduce((total, report) => total + count(report), 0)
    const figures = [list.length, sum(({ runs }) => runs), sum(({ again }) => again), sum(({ failed }) => failed)]
    return [name, ...figures, ...kinds.map((kind) => sum((report) => report[kind].length))].join(' | ')
  })
  return [titles.join(' | '), titles.map(() => '---').join(' | '), ...rows].map((row) => `| ${row} |`).join('\n')
}
