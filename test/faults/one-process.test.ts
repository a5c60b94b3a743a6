import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { Gates } from '../support/gate.ts'
import { Cluster } from './cluster/cluster.ts'
import { logFaults } from './log-faults.ts'

const scriptedMain = path.join(import.meta.dirname, 'watch', 'scripted-server.ts')

describe('one process that serves and works', () => {
  const gates = new Gates()
  let cluster: Cluster
  let api: ApiClient
  beforeAll(async () => {
    cluster = await Cluster.open('embedded', null, { main: scriptedMain })
    api = await cluster.admin()
    cluster.supervised = true
  })
  afterAll(async () => {
    await cluster?.close()
    gates.remove()
  })

  /** Asks again while the process is away. */
  const status = async (importId: string) => (await api.import(importId).catch(() => null))?.status

  it('gives up the run that kills it, and not the one that works beside', async () => {
    const gate = gates.make()
    const { import: beside } = await api.startScript([{ log: 'beside' }, { until: gate.file }], { target: await api.addTarget('beside') })
    await eventually(async () => expect(await status(beside.id)).toBe('running'))
    const { import: poison } = await api.startScript([{ log: 'about to' }, { kill: true }], { target: await api.addTarget('poison') })
    const killed = async () => (await api.events(beside.id).catch(() => [])).filter((event) => event.status === 'resuming').length
    await expect.poll(killed, { timeout: 90_000, interval: 100 }).toBe(2)
    // Whichever of the two is tried alone first, the other waits for its end.
    gate.open()
    await expect.poll(async () => await status(poison.id), { timeout: 90_000, interval: 100 }).toBe('failed')
    await expect.poll(async () => await status(beside.id), { timeout: 60_000, interval: 100 }).toBe('succeeded')
    expect(await api.import(poison.id)).toMatchObject({ error: { code: 'poison' } })
    for (const id of [beside.id, poison.id]) {
      const view = await api.import(id)
      expect(logFaults(await api.events(id), view.lastSeq, view.logChecksum)).toEqual([])
    }
  })
})
