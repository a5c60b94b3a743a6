import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ApiClient } from '../../support/api-client.ts'
import { addAccount, addEndpoint, addFolder } from '../../support/bulk.ts'
import { startHttpEndpoint } from '../../support/destinations/http-endpoint.ts'
import { hasNginx, startNginxDav } from '../../support/destinations/nginx-dav.ts'
import { hasSshd, startSshd } from '../../support/destinations/sshd.ts'
import { startS3 } from '../../support/s3-server.ts'
import { canMount, SmallDisk } from '../small-disk.ts'

/** What goes wrong with a delivery. All but the slow one fail for good until they are healed. */
export type Fault = 'refused' | 'cut' | 'full' | 'wrong checksum' | 'slow'

/** What is at a destination: by path, the checksum, and a word that changes when anything is done to the file. */
export type Found = Map<string, { sha256: string; touched: string }>

/** An account and what is behind it. Faults are known by the path of the copy. */
export type Place = {
  name: string
  account: string
  faults: Fault[]
  /** Larger files find no room there once it is spoilt: a disk that is full, where one can be had. */
  room?: number
  /** Makes deliveries to these paths fail so, until `heal`. */
  spoil: (faults: Map<string, Fault>) => void
  heal(): void
  found(): Found
  /** Idempotency keys of what was taken, each as often as it was; of places that tell. */
  kept(): string[]
}

export type Places = {
  places: Place[]
  /** Called for each file that an endpoint or store was given. */
  onArrival(listener: () => void): void
  /** Paths that were sent to the servers that tell, since this was asked last. */
  sent(): string[]
  close(): Promise<void>
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const slowMs = 300

/** So many accounts, in turns over the drivers that this machine has. */
export async function openPlaces(api: ApiClient, dataDir: string, count: number): Promise<Places> {
  const closers: (() => Promise<void>)[] = []
  const state = { sent: [] as string[], arrived: () => {} }
  const note = (file: string) => {
    state.sent.push(file)
    state.arrived()
  }
  const openers = [folders(api, dataDir), await stores(api, closers, note), endpoints(api, closers, note)]
  if (hasSshd) openers.push(await sshFolders(api, closers))
  if (hasNginx) openers.push(await davFolders(api, closers))
  const places: Place[] = []
  for (let index = 0; index < count; index++) places.push(await openers[index % openers.length]!(`account ${index}`))
  if (canMount) places.push(await fullDisk(api, closers, dataDir))
  return {
    places,
    onArrival: (listener) => {
      state.arrived = listener
    },
    sent: () => state.sent.splice(0),
    close: async () => {
      for (const close of closers) await close()
    },
  }
}

type Opener = (name: string) => Promise<Place>

/** Folders are spoilt by a file of somebody else's in the place of a copy. */
function inFolder(name: string, account: string, folder: string): Place {
  let obstacles: string[] = []
  mkdirSync(folder, { recursive: true })
  return {
    name,
    account,
    faults: ['refused'],
    spoil: (faults) => {
      obstacles = [...faults.keys()].map((file) => path.join(folder, file))
      for (const obstacle of obstacles) writeFileSync(obstacle, 'somebody else’s')
    },
    heal: () => {
      for (const obstacle of obstacles) rmSync(obstacle)
      obstacles = []
    },
    found: () => {
      const names = readdirSync(folder).filter((file) => !obstacles.includes(path.join(folder, file)))
      return new Map(names.map((file) => [file, ofFile(path.join(folder, file))]))
    },
    kept: () => [],
  }
}

function ofFile(file: string): { sha256: string; touched: string } {
  const { ino, ctimeMs } = statSync(file)
  return { sha256: hash(readFileSync(file)), touched: `${ino} ${ctimeMs}` }
}

function folders(api: ApiClient, dataDir: string): Opener {
  return async (name) => inFolder(name, await addFolder(api, name), path.join(dataDir, 'deliveries', name))
}

/** A folder on a disk of its own, of which something else takes so much that large files have no room. One at a time: what is half written takes room too. */
async function fullDisk(api: ApiClient, closers: (() => Promise<void>)[], dataDir: string): Promise<Place> {
  const name = 'full disk'
  const disk = new SmallDisk(path.join(dataDir, 'deliveries', name), 64)
  closers.push(async () => disk.unmount())
  const place = inFolder(name, await addFolder(api, name, { concurrency: 1 }), disk.dir)
  const room = 8 * 1024 * 1024
  return {
    ...place,
    faults: [],
    room,
    spoil: () => disk.fill(room / 1024),
    heal: () => disk.makeRoom(),
    found: () => new Map([...place.found()].filter(([file]) => file !== 'ballast')),
  }
}

async function sshFolders(api: ApiClient, closers: (() => Promise<void>)[]): Promise<Opener> {
  const server = await startSshd()
  closers.push(async () => await server.stop())
  return async (name) => {
    const folder = path.join(server.folder, name)
    mkdirSync(folder)
    const address = { host: '127.0.0.1', port: server.port, user: server.user, folder, readBack: true }
    return inFolder(name, await addAccount(api, { name, driver: 'sftp', address, secrets: { privateKey: server.privateKey } }), folder)
  }
}

async function davFolders(api: ApiClient, closers: (() => Promise<void>)[]): Promise<Opener> {
  const server = await startNginxDav()
  closers.push(async () => await server.stop())
  return async (name) => {
    mkdirSync(path.join(server.folder, name))
    const url = `http://127.0.0.1:${server.port}${server.path}${encodeURIComponent(name)}/`
    const address = { url, user: server.user, readBack: true }
    const account = await addAccount(api, { name, driver: 'webdav', address, secrets: { password: server.password } })
    return inFolder(name, account, path.join(server.folder, name))
  }
}

async function stores(api: ApiClient, closers: (() => Promise<void>)[], note: (file: string) => void): Promise<Opener> {
  const server = await startS3()
  closers.push(async () => await server.close())
  const spoilt = new Map<string, Fault>()
  server.breakBy((method, name) => {
    const fault = spoilt.get(name)
    if (method === 'PUT') note(name)
    const object = server.objects.get(name)
    if (object && fault === 'wrong checksum') object.told = { ...object.told, 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') }
    if (method === 'GET' || method === 'HEAD' || method === 'DELETE') return null
    if (fault === 'refused') return { status: 400, code: 'InvalidRequest' }
    if (fault === 'full') return { status: 507, code: 'InsufficientStorage' }
    return fault === 'cut' ? 'reset' : null
  })
  const { endpoint = '', bucket, region, accessKeyId, secretAccessKey } = server.address
  return async (name) => {
    const prefix = `${name.replaceAll(' ', '-')}/`
    const address = { endpoint, region, bucket, prefix, readBack: true }
    const account = await addAccount(api, { name, driver: 's3', address, secrets: { accessKeyId, secretAccessKey } })
    return {
      name,
      account,
      faults: ['refused', 'cut', 'full', 'wrong checksum'],
      spoil: (faults) => {
        for (const [file, fault] of faults) spoilt.set(prefix + file, fault)
      },
      heal: () => {
        for (const file of spoilt.keys()) if (file.startsWith(prefix)) spoilt.delete(file)
      },
      found: () => {
        const own = [...server.objects].filter(([file]) => file.startsWith(prefix))
        const open = [...server.uploads.values()].filter((upload) => upload.name.startsWith(prefix))
        const unfinished = open.map((upload) => [`unfinished ${upload.name}`, { sha256: '', touched: '' }] as const)
        const whole = own.map(([file, { bytes, modifiedAt }]) => {
          return [file.slice(prefix.length), { sha256: hash(bytes), touched: String(modifiedAt.getTime()) }] as const
        })
        return new Map([...whole, ...unfinished])
      },
      kept: () => [],
    }
  }
}

function endpoints(api: ApiClient, closers: (() => Promise<void>)[], note: (file: string) => void): Opener {
  return async (name) => {
    const server = await startHttpEndpoint()
    closers.push(async () => await server.close())
    const spoilt = new Map<string, Fault>()
    const arrivals = new Map<string, number>()
    server.breakBy(({ method, path: file }) => {
      const fault = spoilt.get(file)
      if (method !== 'HEAD') note(`${name}/${file}`)
      if (method !== 'HEAD' && !fault) arrivals.set(file, (arrivals.get(file) ?? 0) + 1)
      if (fault === 'slow') return new Promise<void>((resolve) => void setTimeout(resolve, slowMs))
      if (fault === 'wrong checksum') return 'wrong checksum'
      if (method === 'HEAD') return null
      if (fault === 'cut') return { cutAfter: 100 }
      if (fault === 'refused') return { status: 403 }
      return fault === 'full' ? { status: 507 } : null
    })
    return {
      name,
      account: await addEndpoint(api, name, server),
      faults: ['refused', 'cut', 'full', 'wrong checksum', 'slow'],
      spoil: (faults) => {
        for (const [file, fault] of faults) spoilt.set(file, fault)
      },
      heal: () => spoilt.clear(),
      kept: () => server.kept,
      // An endpoint replaces what it has: how often it was given a file is what tells whether it was left alone.
      found: () =>
        new Map(
          [...server.files].flatMap(([file, bytes]) => {
            return spoilt.get(file) === 'wrong checksum' ? [] : [[file, { sha256: hash(bytes), touched: String(arrivals.get(file)) }] as const]
          }),
        ),
    }
  }
}
