import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from '@playwright/test'
import { writeLibrary } from '../../test/support/library-file.ts'
import { root } from '../root.ts'
import type { Camera } from './camera.ts'

export async function takeRestore(camera: Camera): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-pictures-'))
  const file = path.join(folder, 'backup.json')
  await writeLibrary(file, { authors: 5_000, books: 1_200_000 })
  const { api } = camera
  const target = await api.addTarget('library')
  const desk = await camera.open('/')
  const phone = await camera.open('/', { width: 390, height: 844, locale: 'ar' })
  const started = await api.start(await readFile(file), { target, name: 'backup-2026-11.json' })
  await rm(folder, { recursive: true })
  const live = `/imports/${started.body.import.id}`
  for (const page of [desk, phone]) await page.goto(api.url + live)
  await Promise.all([isWellOnItsWay(desk), isWellOnItsWay(phone)])
  await camera.take(desk, 'import-live')
  await camera.take(phone, 'import-phone-arabic')
  await api.ended(started.body.import.id)
  await takeRejected(camera)
}

/** The page says that it is past its first third. */
async function isWellOnItsWay(page: Page): Promise<void> {
  const far = /(?<![.\d])[5-9]\d[.%]/
  await page.getByTestId('percent').filter({ hasText: far }).waitFor()
}

async function takeRejected(camera: Camera): Promise<void> {
  const { api } = camera
  const options = { mode: 'keep_going', createTables: true }
  const { body } = await api.start(await readFile(`${root}samples/library-with-mistakes.jsonl`), { name: 'library-with-mistakes.jsonl', options })
  await api.ended(body.import.id)
  const page = await camera.open(`/imports/${body.import.id}`)
  await page.getByRole('tab', { name: /Rejected records/ }).click()
  await page.getByRole('row', { name: /not valid JSON/ }).waitFor()
  await camera.take(page, 'import-result')
}

/** After all else: what has been run. */
export async function takeHistory(camera: Camera): Promise<void> {
  const page = await camera.open('/')
  await page.getByRole('row', { name: /backup-2026-11/ }).waitFor()
  await camera.take(page, 'history')
}
