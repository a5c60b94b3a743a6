import ts from 'typescript'
import { lineOf, walk } from './source.ts'
import type { Finding, Source } from './source.ts'

/** Files that may touch `process`: they are the doors to the outside. */
const doors = ['server/main.ts', 'server/cli/main.ts']

const stateMakers = /^(ref|shallowRef|reactive|shallowReactive|customRef)$/

type Report = (node: ts.Node, text: string) => void

/** Runs `inspect` over each parsed file that `applies`, and collects what it reports. */
function inspectEach(sources: Source[], applies: (path: string) => boolean, inspect: (syntax: ts.SourceFile, report: Report) => void): Finding[] {
  const findings: Finding[] = []
  for (const { path, syntax } of sources) {
    if (syntax && applies(path)) inspect(syntax, (node, text) => findings.push({ path, line: lineOf(syntax, node), text }))
  }
  return findings
}

function isProduct(path: string): boolean {
  return /^(server|client|shared)\//.test(path)
}

/** `process`, global or imported, anywhere but in the two doors. A name of one's own that happens to be `process` is no finding. */
export function processOutsideDoors(sources: Source[]): Finding[] {
  const applies = (path: string): boolean => isProduct(path) && !doors.includes(path)
  const imported = sources
    .filter((source) => applies(source.path))
    .flatMap(({ path, imports }) =>
      imports.filter(({ specifier }) => /^(node:)?process$/.test(specifier)).map(({ line }) => ({ path, line, text: 'imports process' })),
    )
  const used = inspectEach(sources, applies, (syntax, report) => {
    let ownName = false
    const uses: ts.Node[] = []
    walk(syntax, (node) => {
      if (!ts.isIdentifier(node) || node.text !== 'process') return
      if (isDeclaredName(node)) ownName = true
      else if (isGlobalUse(node)) uses.push(node)
    })
    if (!ownName) for (const node of uses) report(node, 'touches process')
  })
  return [...imported, ...used]
}

function isDeclaredName(node: ts.Identifier): boolean {
  const { parent } = node
  const declares = ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isFunctionDeclaration(parent)
  return declares && parent.name === node
}

function isGlobalUse(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return parent.expression.getText() === 'globalThis'
  const isMember = ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isTypeElement(parent)
  return !(isMember && parent.name === node) && !ts.isImportClause(parent) && !ts.isImportSpecifier(parent)
}

/** State that lives as long as its module: `let`, an empty collection to be filled, a ref outside of a function, a static field. */
export function moduleState(sources: Source[]): Finding[] {
  const applies = (path: string): boolean => isProduct(path) && !path.endsWith('.vue') && !path.endsWith('.d.ts')
  return inspectEach(sources, applies, (syntax, report) => {
    for (const statement of syntax.statements) {
      if (ts.isVariableStatement(statement)) inspectVariables(statement, report)
      if (ts.isClassDeclaration(statement)) inspectStatics(statement, report)
    }
  })
}

function inspectVariables({ declarationList }: ts.VariableStatement, report: Report): void {
  const constant = (declarationList.flags & ts.NodeFlags.Const) !== 0
  for (const declaration of declarationList.declarations) {
    const made = declaration.initializer
    if (!constant) report(declaration, `module-level let ${declaration.name.getText()}`)
    else if (made && isEmptyState(made)) report(declaration, `module-level state ${declaration.name.getText()}`)
  }
}

function isEmptyState(made: ts.Expression): boolean {
  if (ts.isAsExpression(made) || ts.isSatisfiesExpression(made)) return isEmptyState(made.expression)
  if (ts.isNewExpression(made)) return /^(Weak)?(Map|Set)$/.test(made.expression.getText()) && !made.arguments?.length
  if (ts.isCallExpression(made)) return stateMakers.test(made.expression.getText())
  if (ts.isArrayLiteralExpression(made)) return made.elements.length === 0
  return ts.isObjectLiteralExpression(made) && made.properties.length === 0
}

function inspectStatics(declaration: ts.ClassDeclaration, report: Report): void {
  for (const member of declaration.members) {
    const kinds = ts.canHaveModifiers(member) ? (ts.getModifiers(member)?.map((modifier) => modifier.kind) ?? []) : []
    const isStatic = kinds.includes(ts.SyntaxKind.StaticKeyword) && !kinds.includes(ts.SyntaxKind.ReadonlyKeyword)
    if (ts.isPropertyDeclaration(member) && isStatic) report(member, `static field ${member.name.getText()} can change`)
  }
}

/** `extends` of a class, except an error, the class that `defineEntity` gives, and a migration of MikroORM. */
export function inheritance(sources: Source[]): Finding[] {
  return inspectEach(
    sources,
    () => true,
    (syntax, report) => {
      walk(syntax, (node) => {
        if (!ts.isHeritageClause(node) || node.token !== ts.SyntaxKind.ExtendsKeyword || ts.isInterfaceDeclaration(node.parent)) return
        const base = node.types[0]?.expression.getText() ?? ''
        const isMigration = base === 'Migration' && syntax.fileName.startsWith('server/database/migrations/')
        if (!isMigration && !/(^|\.)\w*Error$|\.class$/.test(base)) report(node, `extends ${base}`)
      })
    },
  )
}

export function anyType(sources: Source[]): Finding[] {
  return inspectEach(
    sources,
    () => true,
    (syntax, report) => {
      walk(syntax, (node) => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) report(node.parent, `any: ${node.parent.getText().slice(0, 60)}`)
      })
    },
  )
}

/** Default exports, except those that a tool asks for in its configuration file. */
export function defaultExports(sources: Source[]): Finding[] {
  const applies = (path: string): boolean => !/\.config\.(ts|js)$|\.d\.ts$/.test(path)
  return inspectEach(sources, applies, (syntax, report) => {
    for (const statement of syntax.statements) {
      const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
      const renamed = ts.isExportDeclaration(statement) && /\bas default\b/.test(statement.getText())
      const marked = modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)
      if (ts.isExportAssignment(statement) || renamed || marked) report(statement, 'default export')
    }
  })
}
