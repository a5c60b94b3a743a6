import { existsSync } from 'node:fs'

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable']

/** The Chromium that browser tests drive: `INTAKE_TEST_CHROMIUM`, or one in a usual place; null when there is none. */
export function findChromium(env: NodeJS.ProcessEnv): string | null {
  return [env['INTAKE_TEST_CHROMIUM'], ...usual].find((path) => path !== undefined && existsSync(path)) ?? null
}

/** Launch options for Playwright and for the browser mode of Vitest. The browser asks nobody for anything, and runs as root in a container. */
export function chromiumLaunch(env: NodeJS.ProcessEnv): { executablePath: string | undefined; args: string[] } {
  return {
    executablePath: findChromium(env) ?? undefined,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  }
}
