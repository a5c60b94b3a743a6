import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fileAsJob } from '../../support/job-context.ts'
import { samplesDir } from '../../support/samples.ts'
import { Databases, dialects } from './databases.ts'
import { restoreInto } from './run-restore.ts'

const samples = samplesDir()

/** What loaddata refuses, and what we say of it: the code, and what the reason names. */
const refused: Record<string, { code: string; says: RegExp }> = {
  'fixtures/fixtures/fixture8.json': {
    code: 'reference_missing',
    says: /fixtures\.visa 1 .*"person": no row of table "fixtures_person" has the natural key \["Django Reinhardt"\]/,
  },
  'fixtures/fixtures/invalid.json': { code: 'not_null_violation', says: /fixtures\.article 1 .*"pub_date" is null/ },
  'fixtures_regress/fixtures/forward_ref_bad_data.json': {
    code: 'reference_missing',
    says: /fixtures_regress\.book 1 .*"author" refers to 3, but table "fixtures_regress_person"/,
  },
  'fixtures_regress/fixtures/nk-inheritance.json': {
    code: 'reference_missing',
    says: /fixtures_regress\.nkchild 1 .*parent of the model.*"fixtures_regress_parent"/,
  },
  'fixtures_regress/fixtures/sequence_extra.json': { code: 'column_missing', says: /fixtures_regress\.animal 1 .*"extra_name"/ },
}

/** What loaddata stores in SQLite, and PostgreSQL can not. */
const refusedByPostgres: typeof refused = {
  'fixtures/fixtures/null_character_in_field_value.json': { code: 'value_invalid', says: /headline.*U\+0000/ },
}

type Line = { fixture: string; installed: number | null }

function readLines(): Line[] {
  if (samples === null) return [{ fixture: 'none', installed: 0 }]
  const [, ...lines] = readFileSync(join(samples, 'targets/django-tests/LOADDATA.tsv'), 'utf8').trim().split('\n')
  return lines.map((line) => {
    const [fixture = '', said = ''] = line.split('\t')
    const installed = /^Installed (\d+)/.exec(said)?.[1]
    return { fixture, installed: installed === undefined ? null : Number(installed) }
  })
}

describe.each(dialects)("on $name, Django's own test fixtures", ({ name, folder, available }) => {
  const databases = new Databases(name)
  afterEach(async () => await databases.close())
  afterAll(async () => await databases.stop())

  it.skipIf(samples === null || !available).each(readLines())('$fixture', async ({ fixture, installed }) => {
    const database = await databases.create(join(samples ?? '', 'targets/django-tests', folder, 'schema.sql'))
    await database.run(contentTypes)
    const before = await database.rows()
    const { outcome, context } = await restoreInto(database, [fileAsJob(join(samples ?? '', 'fixtures/django__django/tests', fixture))])
    const expected = refused[fixture] ?? (name === 'PostgreSQL' ? refusedByPostgres[fixture] : undefined)
    if (expected) {
      expect(outcome, context.text).toMatchObject({ status: 'failed', error: { code: expected.code } })
      expect('error' in outcome && outcome.error.message).toMatch(expected.says)
      expect(context.rejected[0]).toMatchObject({ code: expected.code, record: expect.any(Number) as number })
      expect(await database.rows()).toEqual(before)
      return
    }
    expect(installed).not.toBeNull()
    expect(outcome, context.text).toMatchObject({ status: 'succeeded', ledger: { total: installed, succeeded: installed, failed: 0 } })
  })
})

/** As migrations make them; only what the fixtures refer to. */
const contentTypes = `
  INSERT INTO django_content_type (id, app_label, model) VALUES (1, 'auth', 'user'), (2, 'fixtures', 'article');
  INSERT INTO auth_permission (id, name, content_type_id, codename) VALUES (1, 'a', 1, 'add_user'), (2, 'c', 1, 'change_user'), (3, 'd', 1, 'delete_user');`
