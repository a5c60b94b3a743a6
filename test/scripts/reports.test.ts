import { describe, expect, it } from 'vitest'
import { count, inWords, notRun, readPlaywrightReport, readVitestList, readVitestReport, sum } from '../../scripts/testing/reports.ts'

const root = '/project/'

function vitest(
  success: boolean,
  ...testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[]
): string {
  return JSON.stringify({ success, testResults, numTotalTests: 99 })
}

describe('a report of Vitest', () => {
  it('counts tests by how they ended, todo and pending as skipped', () => {
    const assertionResults = ['passed', 'failed', 'skipped', 'pending', 'todo', 'disabled'].map((status) => ({ fullName: `is ${status}`, status }))
    const counts = readVitestReport(vitest(false, { name: '/project/test/a.test.ts', status: 'failed', assertionResults }), root)
    expect(inWords(counts)).toBe('1 passed, 1 failed, 4 skipped')
    expect(counts.failed).toEqual(['test/a.test.ts › is failed'])
  })

  it('counts a file that could not be loaded as a failure', () => {
    const counts = readVitestReport(vitest(false, { name: '/project/test/a.test.ts', status: 'failed', assertionResults: [] }), root)
    expect(counts).toEqual({ passed: [], failed: ['test/a.test.ts as a whole'], skipped: [] })
  })

  it('counts a hook that failed after passed tests as a failure', () => {
    const file = { name: '/project/test/a.test.ts', status: 'failed', assertionResults: [{ fullName: 'works', status: 'passed' }] }
    expect(inWords(readVitestReport(vitest(false, file), root))).toBe('1 passed, 1 failed')
  })

  it('counts an unhandled error beside passed tests as a failure', () => {
    const file = { name: '/project/test/a.test.ts', status: 'passed', assertionResults: [{ fullName: 'works', status: 'passed' }] }
    expect(inWords(readVitestReport(vitest(false, file), root))).toBe('1 passed, 1 failed')
    expect(inWords(readVitestReport(vitest(true, file), root))).toBe('1 passed, 0 failed')
  })
})

describe('a report of Vitest beside the list of its files', () => {
  it('shows the files that were not run', () => {
    const list = JSON.stringify(['a', 'b'].map((name) => ({ file: `/project/test/${name}.test.ts`, projectName: 'server' })))
    const report = vitest(true, { name: '/project/test/a.test.ts', status: 'passed', assertionResults: [] })
    expect(notRun(list, report, root).failed).toEqual(['test/b.test.ts was not run'])
  })
})

describe('a report of Playwright', () => {
  const suites = [
    {
      title: 'story.spec.ts',
      specs: [{ title: 'is plain', tests: [{ status: 'expected' }] }],
      suites: [
        {
          title: 'inside',
          specs: [
            { title: 'is wrong', tests: [{ status: 'unexpected' }] },
            { title: 'is left out', tests: [{ status: 'skipped' }] },
            { title: 'wavers', tests: [{ status: 'flaky' }] },
          ],
        },
      ],
    },
  ]

  it('counts tests of all suites, one that wavers as failed', () => {
    const counts = readPlaywrightReport(JSON.stringify({ suites, errors: [] }))
    expect(inWords(counts)).toBe('1 passed, 2 failed, 1 skipped')
    expect(counts.failed).toEqual(['story.spec.ts › inside › is wrong', 'story.spec.ts › inside › wavers'])
  })

  it('counts errors outside of tests', () => {
    expect(inWords(readPlaywrightReport(JSON.stringify({ suites: [], errors: [{ message: 'no tests\nfound' }] })))).toBe('0 passed, 1 failed')
  })
})

describe('the closing line', () => {
  it('adds the parts up', () => {
    const one = count([{ name: 'a', verdict: 'passed' }])
    const other = count([{ name: 'b', verdict: 'passed' }])
    expect(inWords(sum([one, other]))).toBe('2 passed, 0 failed')
  })

  it('names what could not run', () => {
    const listed = readVitestList(JSON.stringify([{ name: 'bar > opens', file: '/project/test/client/bar.test.ts' }]), root)
    expect(listed.skipped).toEqual(['test/client/bar.test.ts › bar > opens'])
  })
})
