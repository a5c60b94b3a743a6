import { describe, expect, it } from 'vitest'
import { rules } from './support/architecture/rules.ts'
import { parseTree } from './support/architecture/source.ts'

/** What a rule finds in a small tree, as `path:line`. */
function found(rule: string, files: Record<string, string>): string[] {
  const { check } = rules.find(({ name }) => name === rule)!
  return check(parseTree(files)).map(({ path, line }) => `${path}:${line}`)
}

/** Written in pieces where the rules would find their own examples. */
const slash = '/'
const remark = slash + slash

type Example = { because: string; path: string; text: string; line?: number; beside?: Record<string, string> }

/** For each rule, files that break it, each in one way and at one line (the first unless given), and files that look like it and do not. */
const examples: Record<string, { broken: Example[]; kept: Example[] }> = {
  'imports go from right to left': {
    broken: [
      { because: 'a room to its right', path: 'server/targets/sqlite.ts', text: `import { run } from '../jobs/run.ts'` },
      { because: 'a type of a room to its right', path: 'server/jobs/run.ts', text: `import type { Login } from '../auth/login.ts'` },
      { because: 'a sibling to its right', path: 'server/database/orm.ts', text: `import { lease } from '../locks/lease.ts'` },
      { because: 're-exported', path: 'server/config/all.ts', text: `\nexport * from '../http/all.ts'`, line: 2 },
      { because: 'loaded later', path: 'server/jobs/run.ts', text: `const x = await import('../importers/restore/run.ts')` },
      { because: 'a type by import()', path: 'server/jobs/run.ts', text: `type X = import('../http/x.ts').X` },
      { because: 'the composition root', path: 'server/http/routes.ts', text: `import { createApp } from '../app.ts'` },
      { because: 'one importer another', path: 'server/importers/bulk/run.ts', text: `import { read } from '../table/read.ts'` },
      { because: 'the server tests', path: 'server/http/routes.ts', text: `import { fake } from '../../test/support/fake.ts'` },
      { because: 'the server the client', path: 'server/http/page.ts', text: `import { page } from '../../client/page.ts'` },
      { because: 'the client the server', path: 'client/api/get.ts', text: `import { AppError } from '../../server/errors.ts'` },
      {
        because: 'the client in a component',
        path: 'client/App.vue',
        text: `<template>\n</template>\n<script setup lang="ts">\nimport '../server/app.ts'\n</script>`,
        line: 4,
      },
      { because: 'shared the server', path: 'shared/views.ts', text: `import { AppError } from '../server/errors.ts'` },
      { because: 'shared a package', path: 'shared/views.ts', text: `import ms from 'ms'` },
      {
        because: 'a page calls the api itself',
        path: 'client/pages/HomePage.vue',
        text: `<script setup lang="ts">import { get } from '../api/get.ts'\n</script>`,
      },
      {
        because: 'a component uses a store',
        path: 'client/components/TheBar.vue',
        text: `<script setup lang="ts">import { use } from '../stores/login.ts'\n</script>`,
      },
      { because: 'the watch client knows Vue', path: 'client/realtime/watch.ts', text: `import { ref } from 'vue'` },
      { because: 'a room nobody planned', path: 'server/services/run.ts', text: '' },
    ],
    kept: [
      { because: 'to the left', path: 'server/http/routes.ts', text: `import { start } from '../sessions/start.ts'` },
      { because: 'in the room', path: 'server/http/routes.ts', text: `import { limit } from './limit.ts'` },
      { because: 'main and its app', path: 'server/cli/main.ts', text: `import { createApp } from '../app.ts'` },
      { because: 'shared', path: 'client/stores/login.ts', text: `import { x } from '../../shared/views.ts'; import { get } from '../api/get.ts'` },
      {
        because: 'a type for a component',
        path: 'client/components/TheBar.vue',
        text: `<script setup lang="ts">import type { X } from '../stores/login.ts'\n</script>`,
      },
      { because: 'zod', path: 'shared/views.ts', text: `import { z } from 'zod'; import { y } from './y.ts'` },
      { because: 'tests import what they test', path: 'test/server/run.test.ts', text: `import { run } from '../../server/jobs/run.ts'` },
    ],
  },
  'no file imports itself through others': {
    broken: [
      { because: 'two files', path: 'server/a.ts', text: `import './b.ts'`, beside: { 'server/b.ts': `import './a.ts'` } },
      {
        because: 'three files, one by a type, one a component',
        path: 'client/a.ts',
        text: `import { b } from './parts/B.vue'`,
        beside: { 'client/parts/B.vue': `<script setup lang="ts">import type { C } from '../c'</script>`, 'client/c.ts': `export * from './a.ts'` },
      },
      { because: 'itself', path: 'server/a.ts', text: `import './a.ts'` },
    ],
    kept: [
      {
        because: 'a diamond',
        path: 'server/a.ts',
        text: `import './b.ts'; import './c.ts'`,
        beside: { 'server/b.ts': `import './c.ts'`, 'server/c.ts': '' },
      },
    ],
  },
  'only the two main.ts touch process': {
    broken: [
      { because: 'the global', path: 'server/http/a.ts', text: `\nconst port = process.env.PORT`, line: 2 },
      { because: 'behind globalThis', path: 'server/http/a.ts', text: `globalThis.process.exit(1)` },
      { because: 'imported', path: 'server/http/a.ts', text: `import { env } from 'node:process'` },
      { because: 'in the client', path: 'client/a.ts', text: `const dev = process.env.DEV` },
    ],
    kept: [
      { because: 'the door', path: 'server/main.ts', text: `process.exit(1)` },
      { because: 'the door of the terminal', path: 'server/cli/main.ts', text: `import process from 'node:process'` },
      { because: 'a name of one’s own', path: 'server/jobs/a.ts', text: `function run(process: () => void) { process() }` },
      { because: 'a member', path: 'server/jobs/a.ts', text: `queue.process({ process: 1 })` },
      { because: 'scripts', path: 'scripts/a.ts', text: `process.exit(1)` },
    ],
  },
  'no module keeps state': {
    broken: [
      { because: 'let', path: 'server/jobs/a.ts', text: `let count = 0` },
      { because: 'a map to be filled', path: 'server/jobs/a.ts', text: `export const seen = new Map<string, number>()` },
      { because: 'a list to be filled', path: 'shared/a.ts', text: `const seen: string[] = []` },
      { because: 'an object to be filled', path: 'shared/a.ts', text: `const seen = {} as Record<string, string>` },
      { because: 'a ref outside of a function', path: 'client/composables/use-a.ts', text: `const open = ref(false)` },
      { because: 'a static field', path: 'server/jobs/a.ts', text: `class A {\n  static count = 0\n}`, line: 2 },
    ],
    kept: [
      { because: 'tables', path: 'server/jobs/a.ts', text: `const kinds = new Set(['a']); const names = ['a']; const map = { a: 1 }` },
      { because: 'in a function', path: 'server/jobs/a.ts', text: `function a() { let n = 0; const seen = new Map(); return [n, seen] }` },
      { because: 'in a component', path: 'client/App.vue', text: `<script setup lang="ts">const open = ref(false); let n = 0</script>` },
      { because: 'a constant of a class', path: 'server/jobs/a.ts', text: `class A { static readonly limit = 1 }` },
      { because: 'a test', path: 'test/server/a.test.ts', text: `let app` },
    ],
  },
  'no class inherits, except errors and entities': {
    broken: [{ because: 'a class', path: 'server/jobs/a.ts', text: `import x from 'x'\nclass A extends Readable {}`, line: 2 }],
    kept: [
      { because: 'errors', path: 'server/errors.ts', text: `class A extends Error {}; class B extends AppError {}` },
      { because: 'entities', path: 'server/database/user.ts', text: `class User extends UserSchema.class {}` },
      { because: 'migrations', path: 'server/database/migrations/a.ts', text: `export class First extends Migration {}` },
      { because: 'types', path: 'shared/a.ts', text: `interface A extends B { c: string }; type X<T extends string> = T extends 'a' ? 1 : 2` },
    ],
  },
  'no type is any': {
    broken: [
      { because: 'a parameter', path: 'server/a.ts', text: `\nfunction f(x: any) {}`, line: 2 },
      { because: 'an assertion', path: 'test/a.ts', text: `const x = y as any` },
      { because: 'an argument', path: 'shared/a.ts', text: `type X = Record<string, any>` },
      {
        because: 'in a component',
        path: 'client/App.vue',
        text: `<template>\n</template>\n<script setup lang="ts">const x: any[] = [1]</script>`,
        line: 3,
      },
    ],
    kept: [{ because: 'a word', path: 'server/a.ts', text: `const any = 'any' // any` }],
  },
  'exports are named': {
    broken: [
      { because: 'a value', path: 'server/a.ts', text: `export default {}` },
      { because: 'a function', path: 'server/a.ts', text: `export default function a() {}` },
      { because: 'by another name', path: 'server/a.ts', text: `const a = 1\nexport { a as default }`, line: 2 },
    ],
    kept: [
      { because: 'a tool asks for it', path: 'vite.config.ts', text: `export default {}` },
      { because: 'declares', path: 'client/vue.d.ts', text: `declare module '*.vue' { const c: object; export default c }` },
    ],
  },
  'no file is too long to read': {
    broken: [
      { because: '401 lines', path: 'server/a.ts', text: '//\n'.repeat(401), line: 401 },
      { because: 'a component of 151', path: 'client/A.vue', text: '\n'.repeat(151), line: 151 },
    ],
    kept: [
      { because: '400 lines', path: 'server/a.ts', text: '//\n'.repeat(400) },
      { because: 'a component of 150', path: 'client/A.vue', text: '\n'.repeat(150) },
      { because: 'a document', path: 'docs/a.md', text: '\n'.repeat(900) },
    ],
  },
  'names say what is in a file': {
    broken: [
      { because: 'a file', path: 'server/utils.ts', text: '' },
      { because: 'a folder', path: 'server/core/a.ts', text: '' },
      { because: 'at the end of a name', path: 'server/jobs/job-manager.ts', text: '' },
      { because: 'not kebab-case', path: 'server/jobs/runAttempt.ts', text: '' },
      { because: 'not PascalCase', path: 'client/the-bar.vue', text: '' },
    ],
    kept: [
      { because: 'kebab-case', path: 'server/jobs/base-url.ts', text: '' },
      { because: 'a test', path: 'test/contracts/target.contract.ts', text: '' },
      { because: 'PascalCase', path: 'client/TheBar.vue', text: '' },
    ],
  },
  'no check is silenced without a reason': {
    broken: [
      { because: 'the type checker', path: 'server/a.ts', text: `${remark} @ts-ignore -- I know better\nf()` },
      { because: 'the type checker, expecting it', path: 'server/a.ts', text: `${remark} @ts-expect-error -- I know better\nf()` },
      { because: 'the linter, no reason', path: 'server/a.ts', text: `f() ${remark} oxlint-disable-line no-eval` },
    ],
    kept: [
      {
        because: 'the linter, a reason',
        path: 'server/a.ts',
        text: `${remark} oxlint-disable-next-line no-control-regex -- controls are what it strips\nf()`,
      },
      { because: 'a test of types', path: 'test/a.test.ts', text: `${remark} @ts-expect-error: a number is no id\nf(1)` },
    ],
  },
  'no test is left out without a reason': {
    broken: [
      { because: 'only', path: 'test/a.test.ts', text: `it.only('a', () => {})` },
      { because: 'only, each', path: 'test/a.test.ts', text: `\ndescribe.only.each([1])('a', () => {})`, line: 2 },
      { because: 'skip', path: 'test/a.test.ts', text: `it.skip('a', () => {})` },
      { because: 'todo', path: 'test/a.test.ts', text: `it.concurrent.todo('a')` },
      { because: 'in the middle', path: 'test/a.test.ts', text: `it('a', (context) => context.skip())` },
    ],
    kept: [
      { because: 'a comment', path: 'test/a.test.ts', text: `// Debian 12 has no such database.\nit.skip('a', () => {})` },
      { because: 'a reason', path: 'test/a.test.ts', text: `test.skip(!chromium, 'no Chromium on this machine')` },
      { because: 'a reason in the middle', path: 'test/a.test.ts', text: `it('a', (context) => context.skip('no samples'))` },
      { because: 'a condition', path: 'test/a.test.ts', text: `describe.skipIf(!samples)('a', () => {})` },
    ],
  },
  'no test sleeps': {
    broken: [
      { because: 'a page', path: 'test/e2e/a.test.ts', text: `await page.waitForTimeout(100)` },
      { because: 'a timer', path: 'test/a.test.ts', text: `await setTimeout(100)` },
    ],
    kept: [{ because: 'a deadline', path: 'test/a.test.ts', text: `const timer = setTimeout(() => controller.abort(), 1000)` }],
  },
  'the product does not read the samples of the tests': {
    broken: [{ because: 'a setting', path: 'server/config/settings.ts', text: `\nconst folder = env.SAMPLES_DIR`, line: 2 }],
    kept: [{ because: 'a test', path: 'test/support/samples.ts', text: `process.env.SAMPLES_DIR ?? '../shared/samples'` }],
  },
  'nothing speaks of the place where it was written': {
    broken: [
      { because: 'a path', path: 'docs/operations.md', text: `Go to\n\`${slash}work/main\`.`, line: 2 },
      { because: 'a home', path: 'scripts/a.ts', text: `const home = '${slash}root/.cache'` },
    ],
    kept: [{ because: 'an address', path: 'docs/a.md', text: `https://example.org${slash}work/main and ../work/` }],
  },
}

describe('the rules of the house', () => {
  it('have an example each', () => {
    expect(Object.keys(examples).toSorted()).toEqual(rules.map(({ name }) => name).toSorted())
  })

  describe.each(Object.entries(examples))('%s', (rule, { broken, kept }) => {
    it.each(broken)('is broken: $because', ({ path, text, line, beside }) => {
      expect(found(rule, { [path]: text, ...beside })).toEqual([`${path}:${line ?? 1}`])
    })

    it.each(kept)('is kept: $because', ({ path, text, beside }) => {
      expect(found(rule, { [path]: text, ...beside })).toEqual([])
    })
  })
})
