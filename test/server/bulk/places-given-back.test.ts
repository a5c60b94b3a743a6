import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../../server/database/database.ts'
import { AccountRecords } from '../../../server/destinations/account-records.ts'
import { OwnPlaces } from '../../../server/locks/places.ts'
import type { Places } from '../../../server/locks/places.ts'
import { EventLog } from '../../../server/realtime/event-log.ts'
import { DeliveryDesk } from '../../../server/sessions/deliveries/delivery-desk.ts'
import { deliveryTables } from '../../../server/sessions/deliveries/delivery-table.ts'
import { createSealer } from '../../../server/targets/sealed.ts'

it('a place of an account that comes when the attempt has ended is given back', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'intake-places-'))
  const database = await openDatabase({ type: 'sqlite', file: path.join(folder, 'intake.db') })
  onTestFinished(async () => {
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })
  const row = { import_id: 'run', account_id: 'account', file: 0, state: 'waiting', held: 0, attempts: 0, bytes: 0, size: 1, changed_at: 1 } as const
  await deliveryTables(database.em()).insertInto('bulk_delivery').values(row).execute()
  const [own, asked, answered] = [new OwnPlaces(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow: Places = {
    take: async (key, most) => {
      asked.resolve()
      await answered.promise
      return await own.take(key, most)
    },
    give: async (key) => await own.give(key),
    turn: async (key, lastsMs) => await own.turn(key, lastsMs),
    close: async () => await own.close(),
  }
  const rules = { deliveriesDir: folder, destinationDirs: [], hosts: [] }
  const parts = {
    database,
    events: new EventLog(database, () => undefined),
    accounts: new AccountRecords(database, rules, createSealer('key')),
    places: slow,
  }
  const desk = new DeliveryDesk(parts, { importId: 'run', attempt: 1, accounts: [{ id: 'account', name: 'Berlin' }] })

  const next = desk.answer({ ask: 'next', most: 1 })
  await asked.promise
  desk.close()
  answered.resolve()

  expect(await next).toMatchObject({ deliveries: [] })
  expect(await own.take('account', 1)).toBe(true)
})
