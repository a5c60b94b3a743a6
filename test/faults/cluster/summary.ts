import type { Faults } from './check-run.ts'
import type { Report } from './stage.ts'

const kinds = ['lost', 'doubled', 'falseStates', 'holes', 'other'] as const satisfies (keyof Faults)[]
const titles = ['fault', 'engine', 'plays', 'runs', 'went on', 'lost', 'doubled', 'false states', 'holes', 'other']
const names = 2

/** Figures by the names of a scenario and its engine, in the order of `titles`. */
export type Table = Map<string, number[]>

/** Everything that was wrong in a play, in words. */
export function faultsOf(report: Report): string[] {
  return kinds.flatMap((kind) => report[kind].map((what) => `${kind}: ${what}`))
}

/** Adds a play to a table. */
export function count(table: Table, report: Report): void {
  const figures = [1, report.runs, report.again, ...kinds.map((kind) => report[kind].length)]
  addRow(table, `${report.scenario} | ${report.engine}`, figures)
}

/** One table of several. */
export function sumOf(tables: Table[]): Table {
  const sum: Table = new Map()
  for (const table of tables) for (const [name, figures] of table) addRow(sum, name, figures)
  return sum
}

/** As Markdown: a row for each scenario and engine, counting plays, runs, and faults that were found. */
export function textOf(table: Table): string {
  const rows = [...table].map(([name, figures]) => [name, ...figures].join(' | '))
  return [titles.join(' | '), titles.map(() => '---').join(' | '), ...rows].map((row) => `| ${row} |`).join('\n')
}

/** The table that `textOf` wrote. */
export function tableOf(text: string): Table {
  const table: Table = new Map()
  for (const line of text.split('\n')) {
    const cells = line.split('|').slice(1, -1)
    const figures = cells.slice(names).map(Number)
    if (figures.length !== titles.length - names || figures.some((figure) => Number.isNaN(figure))) continue
    addRow(
      table,
      cells
        .slice(0, names)
        .map((cell) => cell.trim())
        .join(' | '),
      figures,
    )
  }
  return table
}

function addRow(table: Table, name: string, figures: number[]): void {
  const before = table.get(name)
  table.set(
    name,
    figures.map((figure, index) => figure + (before?.[index] ?? 0)),
  )
}
