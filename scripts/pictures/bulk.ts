import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { addFolder, startedBulk } from '../../test/support/bulk.ts'
import type { BulkFile } from '../../test/support/bulk.ts'
import { root } from '../root.ts'
import type { Camera } from './camera.ts'

const places = ['Amman', 'Berlin', 'Cairo', 'Kazan', 'Lyon', 'Oslo', 'Porto', 'Riga', 'Tbilisi', 'Turin']
const texts = ['conditions.txt', 'price-list.csv', 'stock.csv']
/** Pictures that are at hand, under names of a shop. */
const pictures = {
  'autumn-look': 'history',
  'banner-wide': 'import-live',
  logo: 'import-result',
  map: 'commerce-steps',
  storefront: 'catalog',
  team: 'bulk-live',
}
const view = { height: 1060 }

export async function takeBulk(camera: Camera, dataDir: string): Promise<void> {
  const { api } = camera
  const accounts: string[] = []
  // Each takes so little a second that there is time to look.
  for (const [index, place] of places.entries())
    accounts.push(await addFolder(api, `${place} shop`, { concurrency: 2, bytesPerSecond: 15_000 + 7_000 * (index % 4) }))
  const lyon = path.join(dataDir, 'deliveries', 'Lyon shop')
  await rm(lyon, { recursive: true, force: true })
  await writeFile(lyon, 'a file where a folder should be')
  const page = await camera.open('/', view)
  const run = await startedBulk(api, await files(), { accounts })
  await page.goto(`${api.url}/imports/${run}`)
  await page
    .getByRole('gridcell', { name: /: Delivered$/ })
    .nth(7)
    .waitFor({ timeout: 120_000 })
  await camera.take(page, 'bulk-live')
  await api.ended(run)
  const over = await camera.open(`/imports/${run}`, view)
  await over.getByRole('gridcell', { name: 'Lyon shop, team.png: Failed' }).click()
  await over.getByTestId('delivery-error').waitFor()
  await over.getByTestId('log-message').first().waitFor()
  await camera.take(over, 'bulk-delivery')
}

async function files(): Promise<BulkFile[]> {
  const made = texts.map((name, index) => ({ name, bytes: `${name}\n`.repeat(3000 + 900 * index) }))
  const taken = Object.entries(pictures).map(async ([name, picture]) => ({
    name: `${name}.png`,
    bytes: await readFile(`${root}docs/images/${picture}.png`),
  }))
  return [...made, ...(await Promise.all(taken))].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
