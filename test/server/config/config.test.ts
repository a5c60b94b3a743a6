import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../server/config/config.ts'
import { envExample } from '../../../server/config/env-example.ts'
import { secretSettings, settings } from '../../../server/config/settings.ts'
import { AppError } from '../../../server/errors.ts'

const noFile = (): string => {
  throw new Error('no file is to be read')
}
const load = (env: Record<string, string>) => loadConfig(env, noFile)
const refusal = (env: Record<string, string>): AppError => {
  try {
    load(env)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('settings', () => {
  it('have defaults that serve one person on one machine', () => {
    expect(load({})).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      dataDir: path.resolve('data'),
      database: { type: 'sqlite', file: path.resolve('data/intake.db') },
      admin: { login: 'admin', password: undefined },
      loginIdleMs: 30 * 60_000,
      loginAbsoluteMs: 12 * 3_600_000,
      watchTokenMs: 7_200_000,
      jobMemoryMb: 512,
      maxUploadBytes: 10 * 1024 ** 3,
      publicUrl: undefined,
      trustProxy: false,
    })
  })

  it('come from the environment; an empty one was not set, others are not looked at', () => {
    const config = load({ PORT: '0', LOGIN_IDLE_MINUTES: '0.5', SQLITE_DIRS: ' /a, b ,,', TRUST_PROXY: 'true', HOST: '', PATH: '/bin', PORTS: '9' })
    expect(load({ KEEP_UPLOADS_DAYS: ' ', GUARD_DELETED_PERCENT: '\t' })).toMatchObject({ keepUploadsMs: 7 * 86_400_000, guard: { removed: 10 } })
    expect(config).toMatchObject({ port: 0, loginIdleMs: 30_000, sqliteDirs: ['/a', path.resolve('b')], trustProxy: true, host: '127.0.0.1' })
  })

  it('choose the app database by its address', () => {
    const url = 'postgresql://intake:secret@db:5432/intake'
    expect(load({ DATABASE_URL: url, DATABASE_POOL: '4' }).database).toEqual({ type: 'postgresql', url, pool: 4 })
  })

  it('choose the engine by whether there is a Redis, which needs what processes share', () => {
    expect(load({}).engine).toEqual({ type: 'embedded' })
    const shared = { DATABASE_URL: 'postgresql://u:p@h/d', SECRET_KEY: 'a key that all share' }
    expect(load({ REDIS_URL: 'redis://r', ...shared }).engine).toEqual({ type: 'distributed', redisUrl: 'redis://r', prefix: 'intake' })
    expect(refusal({ REDIS_URL: 'redis://r' }).message).toContain('set DATABASE_URL and SECRET_KEY')
    expect(refusal({ REDIS_URL: 'redis://r', DATABASE_URL: shared.DATABASE_URL }).message).toContain('set SECRET_KEY')
  })

  const s3 = { S3_BUCKET: 'intake', S3_ACCESS_KEY_ID: 'the-key-id', S3_SECRET_ACCESS_KEY: 'the-secret' }

  it('choose where uploads lie by the name of a bucket', () => {
    expect(load({ DATA_DIR: '/d' }).storage).toEqual({ type: 'disk', root: '/d/uploads' })
    const parts = { type: 's3', bucket: 'intake', prefix: 'uploads/', accessKeyId: 'the-key-id', secretAccessKey: 'the-secret' }
    expect(load(s3).storage).toEqual({ ...parts, endpoint: undefined, region: 'us-east-1', forcePathStyle: false })
    const own = { S3_ENDPOINT: 'http://store:9000', S3_REGION: 'eu', S3_PREFIX: 'a/' }
    const address = { endpoint: 'http://store:9000', region: 'eu', prefix: 'a/', forcePathStyle: true }
    expect(load({ ...s3, ...own }).storage).toEqual({ ...parts, ...address })
  })

  it('of a bucket need its keys', () => {
    const { message } = refusal({ S3_BUCKET: 'hunter2' })
    expect(message).toMatch(/S3_ACCESS_KEY_ID: .*S3_SECRET_ACCESS_KEY: /)
    expect(message).not.toContain('hunter2')
  })

  it('of a store need its bucket: without one, files would lie on this disk', () => {
    for (const [name, value] of Object.entries({ S3_ENDPOINT: 'http://store:9000', S3_ACCESS_KEY_ID: 'x', S3_SECRET_ACCESS_KEY: 'x' }))
      expect(refusal({ [name]: value }).message).toContain(`S3_BUCKET: it is needed beside ${name}`)
  })

  it.each(['nas', 'NAS.office.lan.', '*.office.lan', 'имя.рф', '10.1.2.3', '10.0.0.0/8', '::1', '[::1]', 'fd00::/8', 'a_b-c'])(
    'list hosts by name, address or network: %s',
    (host) => {
      expect(load({ TARGET_HOSTS: `db, ${host}`, DESTINATION_HOSTS: host })).toMatchObject({
        targetHosts: ['db', host],
        destinations: { hosts: [host] },
      })
    },
  )

  it.each(['10.0.0.0/', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', 'fd00::/129', 'nas:22', 'http://nas', 'na s', '*', '*.', 'a.*.b', 'nas/24'])(
    'list no hosts by what would match none, or all: %s',
    (host) => {
      for (const name of ['TARGET_HOSTS', 'DESTINATION_HOSTS']) {
        const { message } = refusal({ [name]: `db,${host}` })
        expect(message).toContain(`${name}: entry 2 is no host name`)
        expect(message).not.toContain(`${host} `)
      }
    },
  )

  it.each([
    ['PORT', '70000'],
    ['PORT', 'eighty'],
    ['PORT', '80.5'],
    ['SECRET_KEY', 'too-short-secret'.slice(0, 12)],
    ['DATABASE_URL', 'mysql://root:hunter2@db/x'],
    ['DATABASE_URL', 'hunter2'],
    ['DATABASE_POOL', '1'],
    ['S3_ENDPOINT', 'ftp://hunter2.example'],
    ['LOGIN_IDLE_MINUTES', '-7331'],
    ['LOGIN_ABSOLUTE_HOURS', 'twelve'],
    ['WATCH_TOKEN_SECONDS', '0'],
    ['JOB_MEMORY_MB', '31'],
    ['JOB_CONCURRENCY', '65'],
    ['MAX_UPLOAD_MB', '0'],
    ['KEEP_UPLOADS_DAYS', '-73'],
    ['PUBLIC_URL', 'ftp://hunter2.example'],
    ['TRUST_PROXY', 'maybe-hunter2'],
    // No start could keep to it: an option of a run takes no more.
    ['GUARD_DELETED_PERCENT', '101'],
    ['GUARD_PRICES_PERCENT', '101'],
    ['SHUTDOWN_SECONDS', '601'],
    ['LOG_LEVEL', 'chatty-hunter2'],
    ['ADMIN_PASSWORD', 'x'.repeat(1001)],
    ['ADMIN_LOGIN', 'y'.repeat(151)],
  ])('that are wrong are named, and their values are not told: %s', (name, value) => {
    const error = refusal({ [name]: value })
    expect(error.code).toBe('invalid_input')
    expect(error.message).toContain(`${name}: `)
    expect(error.message).not.toContain(value)
    expect(error.message).not.toMatch(/hunter2/)
    for (const other of Object.keys(settings.shape)) if (other !== name) expect(error.message).not.toContain(`${other}: `)
  })

  it('that are wrong are all named at once', () => {
    const { message } = refusal({ PORT: '-1', JOB_MEMORY_MB: 'lots', LOG_LEVEL: 'loud' })
    for (const name of ['PORT', 'JOB_MEMORY_MB', 'LOG_LEVEL']) expect(message).toContain(`${name}: `)
  })

  it.each(secretSettings)('that are secret are also read from a file: %s_FILE', (name) => {
    const values = {
      ADMIN_PASSWORD: 'from a file',
      SECRET_KEY: 'a key from a file',
      DATABASE_URL: 'postgresql://u:p@h/d',
      REDIS_URL: 'redis://:secret@r:6379',
      S3_ACCESS_KEY_ID: 'a key id from a file',
      S3_SECRET_ACCESS_KEY: 'a secret from a file',
    }
    const shared = { DATABASE_URL: 'postgresql://u:p@h/d', SECRET_KEY: 'a key that all share' }
    const beside: Record<string, string> = name.startsWith('S3_') ? { ...s3, [name]: '' } : name === 'REDIS_URL' ? shared : {}
    const config = loadConfig({ ...beside, [`${name}_FILE`]: '/run/secrets/x' }, (file) => {
      expect(file).toBe('/run/secrets/x')
      return `${values[name]}\n`
    })
    expect(JSON.stringify(config)).toContain(values[name])
    const error = (() => {
      try {
        loadConfig({ [`${name}_FILE`]: '/run/secrets/missing' }, noFile)
        return null
      } catch (thrown) {
        return thrown as AppError
      }
    })()
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(`${name}_FILE`) })
    expect(error!.message).not.toContain('missing')
  })

  it('that are no secrets are not read from files', () => {
    expect(load({ PORT_FILE: '/x' }).port).toBe(3000)
  })

  it('have a sentence each, and stand in .env.example as they are', async () => {
    for (const [name, schema] of Object.entries(settings.shape))
      expect({ name, text: schema.description }).toEqual({ name, text: expect.stringMatching(/^[\w0].{10,}\.$/) })
    // `vitest -u` writes it anew.
    await expect(envExample()).toMatchFileSnapshot('../../../.env.example')
  })

  it('stand in the README', async () => {
    const readme = await readFile(path.join(import.meta.dirname, '..', '..', '..', 'README.md'), 'utf8')
    for (const name of Object.keys(settings.shape)) expect(readme).toContain(`\`${name}\``)
  })
})
