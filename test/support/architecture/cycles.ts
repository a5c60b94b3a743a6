import type { Finding, Source } from './source.ts'

/** Groups of files that import each other in a circle, types included: each group once. */
export function cycles(sources: Source[]): Finding[] {
  const graph = new Map(sources.map((source) => [source.path, source.imports.flatMap((found) => found.path ?? [])]))
  return stronglyConnected(graph).map((group) => ({ path: group[0] ?? '', line: 1, text: group.join(' → ') }))
}

/** Tarjan's algorithm: the components of more than one file, or of one that imports itself. */
function stronglyConnected(graph: Map<string, string[]>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const groups: string[][] = []

  function visit(path: string): void {
    index.set(path, index.size)
    low.set(path, index.size - 1)
    stack.push(path)
    for (const next of graph.get(path) ?? []) {
      if (!graph.has(next)) continue
      if (!index.has(next)) visit(next)
      if (stack.includes(next)) low.set(path, Math.min(low.get(path) ?? 0, low.get(next) ?? 0))
    }
    if (low.get(path) !== index.get(path)) return
    const group = stack.splice(stack.indexOf(path))
    if (group.length > 1 || graph.get(path)?.includes(path)) groups.push(group.toSorted())
  }

  for (const path of graph.keys()) if (!index.has(path)) visit(path)
  return groups
}
