import { posix } from 'node:path'
import ts from 'typescript'

export type Import = {
  specifier: string
  /** Path in the tree for a relative specifier, null for a package. */
  path: string | null
  typeOnly: boolean
  line: number
}

/** One file of the tree. `syntax` is null for what is not TypeScript; that of a `.vue` is its script, at the lines it has in the file. */
export type Source = { path: string; text: string; syntax: ts.SourceFile | null; imports: Import[] }

export type Finding = { path: string; line: number; text: string }

/** A rule reads the whole tree and answers what breaks it. */
export type Rule = { name: string; check: (sources: Source[]) => Finding[] }

/** Parses the files of a tree, given as path → text. Paths are relative to its root, with `/`. */
export function parseTree(files: Record<string, string>): Source[] {
  return Object.entries(files).map(([path, text]) => parseSource(path, text, (candidate) => candidate in files))
}

function parseSource(path: string, text: string, exists: (path: string) => boolean): Source {
  const script = scriptOf(path, text)
  if (script === null) return { path, text, syntax: null, imports: [] }
  const syntax = ts.createSourceFile(path, script, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS)
  const imports: Import[] = []
  walk(syntax, (node) => {
    const found = importOf(node)
    if (found) imports.push({ ...found, path: resolve(path, found.specifier, exists), line: lineOf(syntax, node) })
  })
  return { path, text, syntax, imports }
}

/** TypeScript of a file; a `.vue` keeps its line numbers because the rest of it is blanked. */
function scriptOf(path: string, text: string): string | null {
  if (/\.(ts|js|mjs)$/.test(path)) return text
  if (!path.endsWith('.vue')) return null
  let script = ''
  let end = 0
  for (const match of text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)) {
    const start = match.index + match[0].indexOf('>') + 1
    script += blank(text.slice(end, start)) + match[1]
    end = start + (match[1] ?? '').length
  }
  return script
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, '')
}

function importOf(node: ts.Node): { specifier: string; typeOnly: boolean } | null {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: isTypeOnly(node.importClause) }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly }
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const specifier = node.arguments[0]
    return specifier && ts.isStringLiteralLike(specifier) ? { specifier: specifier.text, typeOnly: false } : null
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true }
  }
  return null
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const names = clause.namedBindings
  return !clause.name && !!names && ts.isNamedImports(names) && names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly)
}

function resolve(from: string, specifier: string, exists: (path: string) => boolean): string | null {
  if (!specifier.startsWith('.')) return null
  const path = posix.join(posix.dirname(from), specifier.replace(/\?.*$/, ''))
  return [path, `${path}.ts`, `${path}.vue`, `${path}/index.ts`].find(exists) ?? path
}

/** Calls `visit` for each node under `node`, itself included, in the order of the text. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

/** The line of a node in its file, from 1. */
export function lineOf(syntax: ts.SourceFile, node: ts.Node): number {
  return syntax.getLineAndCharacterOfPosition(node.getStart(syntax)).line + 1
}
