import { describe, expect, it } from 'vitest'
import { groupTree } from '../../client/commerce/group-tree.ts'

const compare = (a: string, b: string) => a.localeCompare(b)

describe('groups of a catalog', () => {
  it('are a tree by name, whatever their order, and none is lost', () => {
    const groups = [
      { id: '3', parent: '1', name: 'b' },
      { id: '1', parent: null, name: 'top' },
      { id: '2', parent: '1', name: 'a' },
      { id: '4', parent: 'elsewhere', name: 'lost' },
      { id: '5', parent: '6', name: 'one' },
      { id: '6', parent: '5', name: 'other' },
    ]
    const tree = groupTree(groups, compare)
    expect(tree.map(({ id }) => id)).toEqual(['4', '5', '6', '1'])
    expect(tree[3]?.children.map(({ id }) => id)).toEqual(['2', '3'])
  })
})
