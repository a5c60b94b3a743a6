import { afterAll, beforeAll, expect, it } from 'vitest'
import { paths } from '../../../shared/protocol/paths.ts'
import { describeOnAppDatabases } from '../../support/app-databases.ts'
import type { ApiClient } from '../../support/api-client.ts'
import { Gates } from '../../support/gate.ts'
import type { TestApp } from '../../support/start-app.ts'

describeOnAppDatabases('a start into a target that is busy, when starts are not to wait', (start) => {
  const gates = new Gates()
  let app: TestApp
  let api: ApiClient
  beforeAll(async () => {
    app = await start({ TARGET_BUSY: 'refuse' })
    api = await app.admin()
  })
  afterAll(async () => {
    await app.close()
    gates.remove()
  })

  it('is refused with the run that is there; of 20 at once one goes in', async () => {
    const gate = gates.make()
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, index) => await api.startScript([{ log: `start ${index}` }, { until: gate.file }])),
    )
    const started = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    expect(started).toHaveLength(1)
    const [run] = started
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [String(answer.reason)] : []))
    expect(refused).toHaveLength(19)
    for (const reason of refused) expect(reason).toContain('conflict')
    for (const reason of refused) expect(reason).toContain(run!.import.id)

    gate.open()
    await api.ended(run!.import.id)
    const next = await api.startScript([{ log: 'after it' }])
    expect(await api.ended(next.import.id)).toMatchObject({ status: 'succeeded' })
    expect((await api.get<{ total: number }>(paths.imports)).body.total).toBe(2)
  })

  it('still joins the same that runs', async () => {
    const gate = gates.make()
    const script = [{ log: 'the same' }, { until: gate.file }]
    const first = await api.startScript(script)
    const again = await api.start(JSON.stringify(script), { kind: 'table', name: 'script.json' })
    expect(again).toMatchObject({ status: 200, body: { outcome: 'joined', import: { id: first.import.id } } })
    gate.open()
    await api.ended(first.import.id)
  })
})
