import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fileAsJob } from '../../support/job-context.ts'
import { samplesDir } from '../../support/samples.ts'
import { Databases, dialects } from './databases.ts'
import { restoreInto } from './run-restore.ts'

const samples = samplesDir()
const contrib = samples === null ? '' : join(samples, 'fixtures/generated__django-contrib')
const swapi = samples === null ? '' : join(samples, 'fixtures/phalt__swapi/resources/fixtures')

/** What Django's own loaddata made of the same files. */
describe.each(dialects)('on $name, a restore ends in the rows of loaddata', ({ name, folder, available }) => {
  const databases = new Databases(name)
  afterEach(async () => await databases.close())
  afterAll(async () => await databases.stop())

  const targets = (...path: string[]): string => join(samples ?? '', 'targets', ...path)

  const contribFiles =
    samples === null
      ? ['none']
      : readdirSync(contrib, { recursive: true })
          .map(String)
          .filter((file) => /\.(json|jsonl)(\.\w+)?$/.test(file))

  it.skipIf(samples === null || !available).each(contribFiles)('for %s', async (file) => {
    const database = await databases.create(targets('contrib', folder, 'before.sql.gz'))
    const { outcome, context } = await restoreInto(database, [fileAsJob(join(contrib, file))])
    expect(outcome, context.text).toMatchObject({ status: 'succeeded' })
    const rows = await database.rows()
    const expected = await databases.rowsOf(targets('contrib', folder, 'after.sql.gz'))
    // The oracle was made from a variant without sessions; the plain one has them.
    if (file.includes('plain')) {
      expect(rows['django_session']).toHaveLength(20)
      rows['django_session'] = []
    }
    expect(rows).toEqual(expected)
  })

  it.skipIf(samples === null || !available)('for seven files that refer to each other, in one run', async () => {
    const database = await databases.create(targets('swapi', folder, 'before.sql.gz'))
    const files = readdirSync(swapi).map((file) => fileAsJob(join(swapi, file)))
    const { outcome, context } = await restoreInto(database, files)
    expect(outcome, context.text).toEqual({ status: 'succeeded', ledger: { total: 335, succeeded: 335, failed: 0, skipped: 0, notReached: 0 } })
    expect(await database.rows()).toEqual(await databases.rowsOf(targets('swapi', folder, 'after.sql.gz')))
    expect(context.text).toContain('335 records, 800 rows')
  })
})
