import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumLaunch } from './test/support/chromium.ts'
import { fakeApi } from './test/support/fake-api.ts'
import { genericWrappers } from './server/config/v8-flags.ts'

const server = ['test/**/*.test.ts']

/** What is waited for comes when the machine has time for it. */
const patience = { expect: { poll: { timeout: 60_000, interval: 25 } }, testTimeout: 180_000, hookTimeout: 180_000 }

export default defineConfig({
  test: {
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'server',
          include: server,
          exclude: ['test/client/**', 'test/e2e/**', 'test/faults/**', 'node_modules/**'],
          environment: 'node',
          pool: 'forks',
          execArgv: [genericWrappers],
          ...patience,
        },
      },
      {
        test: {
          name: 'page',
          include: ['test/client/*.test.ts'],
          environment: 'node',
          ...patience,
        },
      },
      {
        extends: './vite.config.ts',
        root: import.meta.dirname,
        plugins: [fakeApi()],
        test: {
          name: 'client',
          include: ['test/client/browser/**/*.test.ts'],
          ...patience,
          // The first page waits until everything that it imports has been transformed.
          env: { VITEST_BROWSER_IFRAME_TIMEOUT: '300000' },
          browser: {
            enabled: true,
            connectTimeout: 300_000,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunch(process.env) }),
            instances: [{ browser: 'chromium' }],
            viewport: { width: 1280, height: 860 },
          },
          server: { deps: { inline: [/@nuxt\/ui/, /@nuxt\/icon/] } },
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          environment: 'node',
          pool: 'forks',
          execArgv: [genericWrappers],
          fileParallelism: false,
          ...patience,
          testTimeout: 600_000,
        },
      },
    ],
  },
})
