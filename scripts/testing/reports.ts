import { z } from 'zod'

type Verdict = 'passed' | 'failed' | 'skipped'

type Test = { name: string; verdict: Verdict }

/** Tests of a part of the run by how they ended, as its own report says. */
export type Counts = Record<Verdict, string[]>

export function count(tests: Test[]): Counts {
  const names = (verdict: Verdict): string[] => tests.filter((test) => test.verdict === verdict).map((test) => test.name)
  return { passed: names('passed'), failed: names('failed'), skipped: names('skipped') }
}

export function sum(counts: Counts[]): Counts {
  return { passed: counts.flatMap((one) => one.passed), failed: counts.flatMap((one) => one.failed), skipped: counts.flatMap((one) => one.skipped) }
}

/** Counts in words, as in the closing line of a run. */
export function inWords({ passed, failed, skipped }: Counts): string {
  return `${passed.length} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`
}

const vitestReport = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

/** Reads Vitest's JSON report. A file that could not be loaded, and a run that failed outside of any test, count as one failure each. */
export function readVitestReport(text: string, root: string): Counts {
  const { success, testResults } = vitestReport.parse(JSON.parse(text))
  const tests = testResults.flatMap((file) => {
    const path = file.name.replace(root, '')
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      return [...file.assertionResults.map((test) => vitestTest(path, test)), { name: `${path} as a whole`, verdict: 'failed' as const }]
    }
    return file.assertionResults.map((test) => vitestTest(path, test))
  })
  if (!success && !tests.some(({ verdict }) => verdict === 'failed')) tests.push({ name: 'an error outside of the tests', verdict: 'failed' })
  return count(tests)
}

function vitestTest(path: string, { fullName, status }: { fullName: string; status: string }): Test {
  const verdict = status === 'passed' || status === 'failed' ? status : 'skipped'
  return { name: `${path} › ${fullName}`, verdict }
}

type Suite = { title: string; specs?: Spec[] | undefined; suites?: Suite[] | undefined }
type Spec = { title: string; tests: { status: string }[] }

const suite: z.ZodType<Suite> = z.object({
  title: z.string(),
  specs: z.array(z.object({ title: z.string(), tests: z.array(z.object({ status: z.string() })) })).optional(),
  get suites() {
    return z.array(suite).optional()
  },
})

const playwrightReport = z.object({ suites: z.array(suite), errors: z.array(z.object({ message: z.string().optional() })) })

/** Reads Playwright's JSON report. A test that passed only when repeated has failed. Errors outside of any test count as one failure each. */
export function readPlaywrightReport(text: string): Counts {
  const { suites, errors } = playwrightReport.parse(JSON.parse(text))
  const outside = errors.map(({ message }) => ({ name: message?.split('\n')[0] ?? 'an error outside of the tests', verdict: 'failed' as const }))
  return count([...suites.flatMap((one) => playwrightTests(one, [])), ...outside])
}

function playwrightTests({ title, specs = [], suites = [] }: Suite, above: string[]): Test[] {
  const path = [...above, title]
  const own = specs.flatMap((spec) =>
    spec.tests.map(({ status }) => ({ name: [...path, spec.title].join(' › '), verdict: playwrightVerdicts[status] ?? ('failed' as const) })),
  )
  return [...own, ...suites.flatMap((inner) => playwrightTests(inner, path))]
}

const playwrightVerdicts: Record<string, Verdict> = { expected: 'passed', skipped: 'skipped', unexpected: 'failed', flaky: 'failed' }

const vitestList = z.array(z.object({ name: z.string().default('as a whole'), file: z.string() }))

/** Reads what `vitest list --json` answers, with `--filesOnly` or without: tests that have not run. */
export function readVitestList(text: string, root: string): Counts {
  const tests = vitestList.parse(JSON.parse(text))
  return count(tests.map(({ name, file }) => ({ name: `${file.replace(root, '')} › ${name}`, verdict: 'skipped' })))
}

/** Files of a list that a report knows nothing of, as a failure each: a run that ends early leaves them out without a word. */
export function notRun(list: string, report: string, root: string): Counts {
  const reported = new Set(vitestReport.parse(JSON.parse(report)).testResults.map(({ name }) => name))
  const missing = vitestList.parse(JSON.parse(list)).filter(({ file }) => !reported.has(file))
  return count(missing.map(({ file }) => ({ name: `${file.replace(root, '')} was not run`, verdict: 'failed' })))
}
