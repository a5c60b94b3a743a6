import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { CliServer } from './cli-server.ts'

describe('accounts', () => {
  const server = new CliServer()

  it('are added, listed, tested, changed and removed', async () => {
    expect((await server.intake('accounts')).out).toBe('ID  NAME  DRIVER  ADDRESS\n')
    const added = await server.intake('accounts', 'add', 'North', 'directory', '--address', 'folder=north', '--limit', 'concurrency=2')
    expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^Added account_[\w-]+ \(North\)\.\n$/) })
    expect((await server.intake('accounts', 'list')).out).toMatch(/^account_[\w-]+ +North +directory +north$/m)
    expect(await server.intake('accounts', 'test', 'North')).toMatchObject({ code: 0, out: expect.stringMatching(/^It works: /) })
    expect(await server.intake('accounts', 'change', 'North', '--name', 'South', '--limit', 'maxBytes=5000')).toMatchObject({ code: 0 })
    const [account] = JSON.parse((await server.intake('accounts', 'list', '--json')).out) as { limits: object }[]
    expect(account).toMatchObject({ name: 'South', limits: { concurrency: 2, maxBytes: 5000 }, address: { folder: 'north' } })
    expect(await server.intake('accounts', 'remove', 'South')).toMatchObject({ code: 0 })
    expect(await server.intake('accounts', 'test', 'South')).toMatchObject({ code: 2, err: expect.stringContaining('There is no account South') })
  })

  it('take their secrets from files', async () => {
    const file = path.join(server.folder, 'secret')
    await writeFile(file, '12345\n')
    const args = ['accounts', 'add', 'Store', 's3', '--address', 'endpoint=https://127.0.0.1:1/', '--address', 'bucket=b']
    const secret = (value: string) => ['--secret', 'accessKeyId=12345', '--secret', `secretAccessKey=${value}`]
    // What the schema does not take it would name; the host is refused after that.
    expect(await server.intake(...args, ...secret(`@${file}`))).toMatchObject({ code: 1, err: expect.stringContaining('DESTINATION_HOSTS') })
    expect(await server.intake(...args, ...secret('@/nowhere'))).toMatchObject({ code: 2, err: expect.stringContaining('secretAccessKey') })
    expect(await server.intake(...args)).toMatchObject({ code: 2, err: expect.stringContaining('accessKeyId') })
  })
})
