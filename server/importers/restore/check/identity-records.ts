import type { FixtureObject, FixtureRecord } from '../record.ts'

/** A record of a content type or a permission: its key in the file, and its fields. */
export type IdentityRecord = { pk: unknown; fields: Record<string, unknown> }

/** More than any Django project has; what comes after is loaded by its keys. */
const most = 50_000

/** Collects the content types and permissions of the files that come with keys, to find them in the target before anything refers to them. */
export class IdentityRecords {
  readonly contentTypes: IdentityRecord[] = []
  readonly permissions: IdentityRecord[] = []

  see({ value }: FixtureRecord): void {
    if (value?.pk === undefined || value.pk === null) return
    if (value.model === 'contenttypes.contenttype') keep(this.contentTypes, value)
    else if (value.model === 'auth.permission') keep(this.permissions, value)
  }
}

function keep(records: IdentityRecord[], { pk, fields }: FixtureObject): void {
  if (records.length < most) records.push({ pk, fields })
}
