import { chromium } from '@playwright/test'
import { chromiumLaunch } from '../test/support/chromium.ts'
import { ServerProcess } from '../test/support/server-process.ts'
import { Camera } from './pictures/camera.ts'
import { takeBulk } from './pictures/bulk.ts'
import { takeCommerce } from './pictures/commerce.ts'
import { takeHistory, takeRestore } from './pictures/restore.ts'

/** `npm run build && npm run pictures`: takes docs/images anew, of real runs of a real server in a real browser. */
const server = await ServerProcess.start()
const browser = await chromium.launch(chromiumLaunch(process.env))
try {
  const camera = new Camera(browser, await server.admin())
  await takeRestore(camera)
  await takeCommerce(camera)
  await takeBulk(camera, server.dataDir)
  await takeHistory(camera)
} finally {
  await browser.close()
  await server.close()
}
