import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../config/config.ts'
import { loadSecretKey } from '../config/secret-key.ts'
import { openDatabase } from '../database/database.ts'
import type { Closers } from '../logging/closers.ts'
import { HashThread } from '../storage/hash-thread.ts'
import { openStorage } from '../storage/open-storage.ts'
import { createSealer } from '../targets/sealed.ts'
import { TargetRecords } from '../targets/target-records.ts'

export type Stores = Awaited<ReturnType<typeof openStores>>

/** Where things are kept: the app database, the uploads, the target databases. */
export async function openStores(config: Config, closers: Closers) {
  const secretKey = await loadSecretKey(config.secretKey, config.dataDir)
  const database = await openDatabase(config.database)
  closers.add('app database', async () => await database.close())
  const storage = await openStorage(config.storage)
  closers.add('storage', async () => await storage.close())
  const hashing = new HashThread()
  closers.add('hashing', async () => await hashing.close())
  await mkdir(path.join(config.dataDir, 'targets'), { recursive: true, mode: 0o700 })
  const places = { targetsDir: path.join(config.dataDir, 'targets'), sqliteDirs: config.sqliteDirs }
  const targets = new TargetRecords(database, places, createSealer(secretKey))
  await targets.ensureMain()
  return { database, storage, hashing, targets }
}
