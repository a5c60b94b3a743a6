import type { Finding, Source } from './source.ts'

const vagueNames = /^(utils?|helpers?|common|misc|managers?|base|core|lib)$/

/** Written in pieces, so that this file does not find itself. */
const workplace = new RegExp(
  ['(^|[^\\w.-])/(work|root|farm)/', 'agent[ ]session', 'before-[s]top', '/\\.[l]ibrary', '[i]ssues show \\d'].join('|'),
  'i',
)

/** Longer than people read: 400 lines, a component 150. */
export function longFiles(sources: Source[]): Finding[] {
  return sources.flatMap(({ path, text, syntax }) => {
    const limit = path.endsWith('.vue') ? 150 : 400
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    return syntax && lines > limit ? [{ path, line: limit + 1, text: `${lines} lines, ${limit} are the limit` }] : []
  })
}

/** Names that say nothing, and files not in kebab-case (components: PascalCase). */
export function poorNames(sources: Source[]): Finding[] {
  return sources.flatMap(({ path, syntax }) => {
    if (!syntax) return []
    const parts = path.split('/').map((part) => part.replace(/\..*$/, ''))
    const vague = parts.find((part) => vagueNames.test(part) || vagueNames.test(part.split('-').at(-1) ?? ''))
    if (vague) return [{ path, line: 1, text: `"${vague}" does not say what is in it` }]
    const form = path.endsWith('.vue') ? /^[A-Z][A-Za-z0-9]*$/ : /^\.?[a-z0-9]+(-[a-z0-9]+)*$/
    return form.test(parts.at(-1) ?? '') ? [] : [{ path, line: 1, text: `not ${path.endsWith('.vue') ? 'PascalCase' : 'kebab-case'}` }]
  })
}

/** The type checker or the linter told to look away: the former never, the latter with a reason after `--`. */
export function silencedChecks(sources: Source[]): Finding[] {
  return eachLine(
    sources.filter(({ syntax }) => syntax),
    (line, { path }) => {
      const comment = /^.*?(?:\/\/|\/\*|<!--)\s*((?:@ts-|oxlint-disable|eslint-disable).*)$/.exec(line)?.[1]
      if (!comment) return null
      if (comment.startsWith('@ts-expect-error')) return path.startsWith('test/') ? null : comment
      return comment.startsWith('@ts-') || !/\s--\s+\S/.test(comment) ? comment : null
    },
  )
}

/** Paths and words of the place where this was written: they mean nothing to who reads it. */
export function workplaceTexts(sources: Source[]): Finding[] {
  return eachLine(sources, (line) => workplace.exec(line)?.[0] ?? null)
}

/** The product does not know of the samples that only tests read. */
export function samplesOutsideTests(sources: Source[]): Finding[] {
  const product = sources.filter(({ path }) => /^(server|client|shared)\//.test(path))
  return eachLine(product, (line) => /SAMPLES_DIR|shared\/samples/.exec(line)?.[0] ?? null)
}

function eachLine(sources: Source[], find: (line: string, source: Source) => string | null): Finding[] {
  return sources.flatMap((source) =>
    source.text.split('\n').flatMap((line, index) => {
      const text = find(line, source)
      return text === null ? [] : [{ path: source.path, line: index + 1, text }]
    }),
  )
}
