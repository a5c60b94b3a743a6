import { describe, expect, it } from 'vitest'
import { openDestination } from '../../../server/destinations/open-destination.ts'

describe('the address of an account', () => {
  const rules = { hosts: ['nas.lan'], deliveriesDir: '/data/deliveries', destinationDirs: ['/mnt/nas'] }
  const folder = (name: string) => ({ driver: 'directory' as const, address: { folder: name }, secrets: {} })
  const web = (url: string) => ({ driver: 'webdav' as const, address: { url, user: '', readBack: true }, secrets: {} })
  const store = (endpoint: string) => ({
    driver: 's3' as const,
    address: { endpoint, region: 'here', bucket: 'b', prefix: '', readBack: false },
    secrets: { accessKeyId: 'a', secretAccessKey: 'b' },
  })

  it.each(['shop', 'shop/north', '/data/deliveries/x', '/mnt/nas', '/mnt/nas/a/b'])('may be the folder %s', async (name) => {
    await (await openDestination(folder(name), rules)).close()
  })
  it.each(['..', '../x', 'a/../../x', '/mnt', '/mnt/nas2', '/mnt/nas/../other', '/etc', '/data', 'a\0b'])('is not the folder %j', async (name) => {
    await expect(openDestination(folder(name), rules)).rejects.toMatchObject({ code: 'invalid_input' })
  })
  it.each(['https://cloud.example/dav', 'http://nas.lan/dav/'])('may be %s', async (url) => {
    await (await openDestination(web(url), rules)).close()
    await (await openDestination(store(url), rules)).close()
  })
  it.each(['http://cloud.example/dav', 'https://u:p@cloud.example/', 'https://cloud.example/?a=b', 'https://cloud.example/#a'])(
    'is not %s',
    async (url) => {
      await expect(openDestination(web(url), rules)).rejects.toMatchObject({ code: 'invalid_input' })
    },
  )
  it('is no store without encryption outside of one’s own network, and none in this machine', async () => {
    await expect(openDestination(store('http://s3.example/'), rules)).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(openDestination(store('https://169.254.169.254/'), rules)).rejects.toMatchObject({ code: 'destination_refused' })
  })
})
