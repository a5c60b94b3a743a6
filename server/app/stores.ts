import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { Users } from '../auth/users.ts'
import type { Config } from '../config/config.ts'
import { loadSecretKey } from '../config/secret-key.ts'
import { openDatabase } from '../database/database.ts'
import type { Database } from '../database/database.ts'
import { AccountRecords } from '../destinations/account-records.ts'
import type { Closers } from '../logging/closers.ts'
import { HashThread } from '../storage/hash-thread.ts'
import { openStorage } from '../storage/open-storage.ts'
import { createSealer } from '../targets/sealed.ts'
import { TargetRecords } from '../targets/target-records.ts'

export type Stores = Awaited<ReturnType<typeof openStores>>

/** Where things are kept: the app database, the uploads, the target databases. Of several processes that start at once, one makes what the first start makes. */
export async function openStores(config: Config, closers: Closers) {
  const sealer = createSealer(await loadSecretKey(config.secretKey, config.dataDir))
  const places = { targetsDir: path.join(config.dataDir, 'targets'), sqliteDirs: config.sqliteDirs, hosts: config.targetHosts }
  const targetsIn = (database: Database) => new TargetRecords(database, places, sealer)
  let firstPassword: string | null = null
  const database = await openDatabase(config.database, async (opened) => {
    await targetsIn(opened).ensureMain()
    firstPassword = await new Users(opened, () => undefined).ensureAdministrator(config.admin.login, config.admin.password)
  })
  closers.add('app database', async () => await database.close())
  const storage = await openStorage(config.storage)
  closers.add('storage', async () => await storage.close())
  const hashing = new HashThread()
  closers.add('hashing', async () => await hashing.close())
  for (const folder of [places.targetsDir, config.destinations.deliveriesDir]) await mkdir(folder, { recursive: true, mode: 0o700 })
  const accounts = new AccountRecords(database, config.destinations, sealer)
  return { database, storage, hashing, targets: targetsIn(database), accounts, firstPassword: firstPassword as string | null }
}
