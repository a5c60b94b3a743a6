import type { CatalogGroup } from '../../shared/protocol/catalog-views.ts'

export type GroupNode = { id: string; name: string; children: GroupNode[] }

/** Groups as a tree, by name; one whose parent is not there stands at the top. A circle is no tree: its groups stand at the top too. */
export function groupTree(groups: readonly CatalogGroup[], compare: (a: string, b: string) => number): GroupNode[] {
  const nodes = new Map(groups.map(({ id, name }): [string, GroupNode] => [id, { id, name, children: [] }]))
  const parents = new Map(groups.map(({ id, parent }) => [id, parent]))
  const top: GroupNode[] = []
  for (const node of nodes.values()) {
    const parent = nodes.get(parents.get(node.id) ?? '')
    if (parent && !climbsTo(node.id, parents)) parent.children.push(node)
    else top.push(node)
  }
  for (const list of [top, ...[...nodes.values()].map(({ children }) => children)]) list.sort((a, b) => compare(a.name, b.name))
  return top
}

/** Whether the parents of a group lead back to it. */
function climbsTo(id: string, parents: Map<string, string | null>): boolean {
  const seen = new Set<string>()
  for (let at = parents.get(id); at && !seen.has(at); at = parents.get(at)) {
    if (at === id) return true
    seen.add(at)
  }
  return false
}
