import { readFile } from 'node:fs/promises'
import { root } from '../root.ts'
import type { Camera } from './camera.ts'

export async function takeCommerce(camera: Camera): Promise<void> {
  const all = await start(camera, 'shop.xml', ['catalog', 'prices', 'stocks', 'customers'])
  await camera.api.ended(all)
  const steps = await camera.open(`/imports/${all}`)
  await steps.getByRole('heading', { name: 'What came of it' }).waitFor()
  await camera.take(steps, 'commerce-steps')

  const catalog = await camera.open('/databases/main/catalog')
  await catalog.getByText('Ассам').waitFor()
  for (const group of ['Чай', 'Кофе']) await catalog.getByRole('button', { name: group, expanded: false }).click()
  await camera.take(catalog, 'catalog')

  const held = await camera.open(`/imports/${await start(camera, 'shop-new-prices.xml', ['prices'])}`)
  await held.getByTestId('hold').waitFor()
  await camera.take(held, 'waiting-for-a-person')
}

async function start({ api }: Camera, name: string, types: string[]): Promise<string> {
  const { status, text, body } = await api.start(await readFile(`${root}samples/commerce/${name}`), { kind: 'commerce', name, options: { types } })
  if (status !== 201) throw new Error(`the start answered ${status}: ${text}`)
  return body.import.id
}
