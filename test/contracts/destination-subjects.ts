import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openDestination } from '../../server/destinations/open-destination.ts'
import { startProxy } from '../support/destinations/breaking-proxy.ts'
import { startHttpEndpoint } from '../support/destinations/http-endpoint.ts'
import { startNginxDav } from '../support/destinations/nginx-dav.ts'
import { startSshd } from '../support/destinations/sshd.ts'
import { startS3 } from '../support/s3-server.ts'
import { testRules } from './destination-subject.ts'
import type { DestinationSubject } from './destination-subject.ts'

export async function createDirectorySubject(): Promise<DestinationSubject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-deliveries-'))
  return {
    open: async () => await openDestination({ driver: 'directory', address: { folder: 'account' }, secrets: {} }, testRules(folder)),
    openAsStranger: null,
    ...seenIn(path.join(folder, 'account')),
    keptOf: null,
    way: null,
    close: async () => await rm(folder, { recursive: true, force: true }),
  }
}

export async function createS3Subject(): Promise<DestinationSubject> {
  const server = await startS3()
  const { bucket, region, accessKeyId, secretAccessKey, endpoint = '' } = server.address
  const proxy = await startProxy(Number(new URL(endpoint).port))
  const address = { endpoint: `http://127.0.0.1:${proxy.port}`, region, bucket, prefix: 'account/', readBack: true }
  const open = async () => await openDestination({ driver: 's3', address, secrets: { accessKeyId, secretAccessKey } }, testRules())
  return {
    open: async () => {
      server.breakBy(() => null)
      return await open()
    },
    openAsStranger: async () => {
      server.breakBy(() => ({ status: 403, code: 'InvalidAccessKeyId' }))
      return await open()
    },
    files: async () => new Map([...server.objects].map(([name, { bytes }]) => [name.replace(/^account\//, ''), bytes])),
    put: async (file, bytes) => void server.objects.set(`account/${file}`, { bytes, etag: '"other"', modifiedAt: new Date() }),
    keptOf: async (file) => {
      const parts = [...server.uploads.values()].filter(({ name }) => name === `account/${file}`).flatMap((upload) => [...upload.parts.values()])
      return parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
    },
    way: proxy,
    close: async () => {
      await proxy.close()
      await server.close()
    },
  }
}

export async function createSftpSubject(): Promise<DestinationSubject> {
  const server = await startSshd()
  const proxy = await startProxy(server.port)
  const { user, folder, hostKey, privateKey, strangersKey } = server
  const address = { host: '127.0.0.1', port: proxy.port, user, folder: `${folder}/`, hostKey, readBack: true }
  const openWith = async (key: string) => await openDestination({ driver: 'sftp', address, secrets: { privateKey: key } }, testRules())
  return {
    open: async () => await openWith(privateKey),
    openAsStranger: async () => await openWith(strangersKey),
    ...seenIn(folder),
    keptOf: async (file) => {
      const beside = [...(await seenIn(folder).files())].filter(([name]) => path.dirname(name) === path.dirname(file))
      return beside.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    },
    way: proxy,
    close: async () => {
      await proxy.close()
      await server.stop()
    },
  }
}

export async function createWebdavSubject(): Promise<DestinationSubject> {
  const server = await startNginxDav()
  const proxy = await startProxy(server.port)
  const address = { url: `http://127.0.0.1:${proxy.port}${server.path}`, user: server.user, readBack: true }
  const openWith = async (password: string) => await openDestination({ driver: 'webdav', address, secrets: { password } }, testRules())
  return {
    open: async () => await openWith(server.password),
    openAsStranger: async () => await openWith('a guess'),
    ...seenIn(server.folder),
    keptOf: null,
    way: proxy,
    close: async () => {
      await proxy.close()
      await server.stop()
    },
  }
}

export async function createHttpSubject(method: 'PUT' | 'POST'): Promise<DestinationSubject> {
  const server = await startHttpEndpoint()
  const proxy = await startProxy(server.port)
  const address = { url: `http://127.0.0.1:${proxy.port}/`, method, headers: {} }
  const openWith = async (signingKey: string) => await openDestination({ driver: 'http', address, secrets: { signingKey } }, testRules())
  return {
    open: async () => await openWith(server.signingKey),
    openAsStranger: async () => await openWith('a guess'),
    files: async () => server.files,
    put: async (file, bytes) => void server.files.set(file, bytes),
    keptOf: null,
    way: proxy,
    close: async () => {
      await proxy.close()
      await server.close()
    },
  }
}

/** What is in a folder, and what puts files there past the destination. */
function seenIn(folder: string): Pick<DestinationSubject, 'files' | 'put'> {
  return {
    files: async () => {
      await mkdir(folder, { recursive: true })
      const found = await readdir(folder, { recursive: true, withFileTypes: true })
      const files = found.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
      return new Map(await Promise.all(files.map(async (file) => [path.relative(folder, file), await readFile(file)] as const)))
    },
    put: async (file, bytes) => {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
      await writeFile(path.join(folder, file), bytes)
    },
  }
}
