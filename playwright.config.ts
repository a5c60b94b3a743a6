import { defineConfig } from '@playwright/test'
import { chromiumLaunch } from './test/support/chromium.ts'

const jsonFile = process.env['INTAKE_TEST_REPORT']

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'test-results',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: jsonFile ? [['line'], ['json', { outputFile: jsonFile }]] : 'line',
  use: {
    browserName: 'chromium',
    headless: true,
    launchOptions: chromiumLaunch(process.env),
    locale: 'en-US',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
  },
})
