import { createHash } from 'node:crypto'

/** The models of django.contrib whose tables are not named `<app>_<model>`. */
const contribTables: ReadonlyMap<string, string> = new Map([
  ['contenttypes.contenttype', 'django_content_type'],
  ['sessions.session', 'django_session'],
  ['admin.logentry', 'django_admin_log'],
  ['sites.site', 'django_site'],
  ['flatpages.flatpage', 'django_flatpage'],
  ['redirects.redirect', 'django_redirect'],
])

/** The columns of natural keys, in the order in which `natural_key()` of django.contrib gives them. */
const naturalKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ['auth_permission', ['codename', 'content_type_id']],
  ['auth_group', ['name']],
  ['auth_user', ['username']],
  ['django_content_type', ['app_label', 'model']],
  ['django_site', ['domain']],
])

/** Defaults that django.contrib keeps in its models and not in the database, by table and column; `now` is the moment of the run. */
const modelDefaults: ReadonlyMap<string, boolean | 'now'> = new Map<string, boolean | 'now'>([
  ['auth_user.is_superuser', false],
  ['auth_user.is_staff', false],
  ['auth_user.is_active', true],
  ['auth_user.date_joined', 'now'],
  ['django_flatpage.enable_comments', false],
  ['django_flatpage.registration_required', false],
  ['django_admin_log.action_time', 'now'],
])

export const contentTypeTable = 'django_content_type'
export const permissionTable = 'auth_permission'

/** Longest names of tables, in bytes: Django cuts at what its database takes. */
const nameLimits = [63, 64]

/** `app.Model` as its two halves, the model in small letters; null when the label is not of that form. */
export function splitLabel(label: string): { app: string; model: string } | null {
  const match = /^([^.\s]+)\.([^.\s]+)$/.exec(label)
  return match ? { app: match[1] ?? '', model: (match[2] ?? '').toLowerCase() } : null
}

/** The names that a model's table may have, the likeliest first. */
export function tableNames(app: string, model: string): string[] {
  const known = contribTables.get(`${app}.${model}`)
  return known === undefined ? withCutNames(`${app}_${model}`) : [known]
}

/** The names that the table of a many-to-many field may have. */
export function linkTableNames(table: string, field: string): string[] {
  return withCutNames(`${table}_${field}`)
}

/** Django's `truncate_name`: a name that is too long ends in four digits of its MD5. */
function withCutNames(name: string): string[] {
  const digest = createHash('md5').update(name).digest('hex').slice(0, 4)
  const cut = nameLimits.filter((limit) => Buffer.byteLength(name) > limit).map((limit) => name.slice(0, limit - 4) + digest)
  return [name, ...cut]
}

export function knownNaturalKey(table: string): readonly string[] | undefined {
  return naturalKeys.get(table)
}

export function knownDefault(table: string, column: string): boolean | 'now' | undefined {
  return modelDefaults.get(`${table}.${column}`)
}
