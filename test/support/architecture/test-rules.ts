import ts from 'typescript'
import { lineOf, walk } from './source.ts'
import type { Finding, Source } from './source.ts'

const leaveOut = ['skip', 'todo', 'fixme', 'fails']

/** Tests that do not run and do not say why (a comment above or beside, or a text given to `skip`), and `only`, which leaves out all others. */
export function skippedTests(sources: Source[]): Finding[] {
  return inTests(sources, (node, syntax) => {
    if (!ts.isPropertyAccessExpression(node)) return null
    const name = node.name.text
    if (name === 'only' && rootOf(node) !== null) return 'only'
    if (!leaveOut.includes(name) || !ts.isCallExpression(node.parent) || node.parent.expression !== node) return null
    if (rootOf(node) === null && name !== 'skip') return null
    return hasReason(node, node.parent, syntax) ? null : `${name} without a reason`
  })
}

/** Waiting for time to pass instead of for the event. */
export function sleeps(sources: Source[]): Finding[] {
  return inTests(sources, (node) => {
    if (!ts.isCallExpression(node)) return null
    const called = node.expression.getText().split('.').at(-1) ?? ''
    return called === 'waitForTimeout' || called === 'sleep' || (called === 'setTimeout' && ts.isAwaitExpression(node.parent)) ? called : null
  })
}

function inTests(sources: Source[], find: (node: ts.Node, syntax: ts.SourceFile) => string | null): Finding[] {
  const findings: Finding[] = []
  for (const { path, syntax } of sources) {
    if (!syntax || !path.startsWith('test/')) continue
    walk(syntax, (node) => {
      const text = find(node, syntax)
      if (text !== null) findings.push({ path, line: lineOf(syntax, node), text })
    })
  }
  return findings
}

/** `it`, `test` or `describe` at the head of a chain such as `it.concurrent.skip`, else null. */
function rootOf(node: ts.Expression): string | null {
  if (ts.isIdentifier(node)) return /^(it|test|describe|suite)$/.test(node.text) ? node.text : null
  return ts.isPropertyAccessExpression(node) ? rootOf(node.expression) : null
}

function hasReason(node: ts.Node, call: ts.CallExpression, syntax: ts.SourceFile): boolean {
  const [first, second] = call.arguments
  // Playwright: skip(condition, 'reason'); Vitest: context.skip('reason').
  if (second && ts.isStringLiteralLike(second)) return true
  if (rootOf(call.expression) === null && first && ts.isStringLiteralLike(first)) return true
  const lines = syntax.text.split('\n')
  const at = lineOf(syntax, node) - 1
  return /^\s*(\/\/|\*|\/\*)/.test(lines[at - 1] ?? '') || /\/\/ \S/.test(lines[at] ?? '')
}
