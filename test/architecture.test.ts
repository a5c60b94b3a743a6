import { describe, expect, it } from 'vitest'
import { readTree } from './support/architecture/read-tree.ts'
import { rules } from './support/architecture/rules.ts'
import { parseTree } from './support/architecture/source.ts'

describe('the house', () => {
  const files = readTree(new URL('..', import.meta.url).pathname)
  const sources = parseTree(files)

  it('is read as a whole', () => {
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['package.json', '.ci/run', 'server/errors.ts', 'shared/protocol/events.ts']))
  })

  it.each(rules)('$name', ({ check }) => {
    expect(check(sources).map(({ path, line, text }) => `${path}:${line} ${text}`)).toEqual([])
  })
})
