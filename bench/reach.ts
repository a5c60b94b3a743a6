import path from 'node:path'
import { loginCookie, paths } from '../shared/protocol/paths.ts'
import type { StartAnswer, TargetView, WatchGrant } from '../shared/protocol/views.ts'
import { root } from '../scripts/root.ts'
import { Cluster } from '../test/faults/cluster/cluster.ts'
import { openSurroundings } from '../test/faults/cluster/surroundings.ts'
import { ApiClient } from '../test/support/api-client.ts'
import { Watcher } from '../test/support/watcher.ts'
import { inWords, latencies } from './latency/figures.ts'

const scriptedMain = path.join(root, 'test/faults/watch/scripted-server.ts')
const password = 'a long enough password'
const promisedMs = 1000

/** `here` and `there`: two processes that serve; runs work in a third. */
type Place = { cluster: Cluster; here: ApiClient; there: ApiClient; round: number }

/** What is done at one process, and has to be seen at another; each answers once it was seen. */
const reaches: Record<string, (place: Place) => Promise<() => Promise<void>>> = {
  'a run is cancelled       ': async ({ cluster, here, round }) => {
    const { run, watch } = await startedRun(here, `cancel ${round}`)
    const watcher = await watching(cluster, run, { token: watch })
    return async () => {
      await here.request('POST', paths.cancel(run))
      await watcher.until(({ view }) => view?.status === 'cancelled')
      watcher.close()
    }
  },
  'a token is revoked       ': async ({ cluster, here, round }) => {
    const { run, watch } = await startedRun(here, `token ${round}`)
    const watcher = await watching(cluster, run, { token: watch })
    return async () => {
      await here.request('DELETE', paths.watchTokens(run))
      await closed(watcher)
      await here.request('POST', paths.cancel(run))
    }
  },
  'a user is disabled       ': async ({ cluster, here, round }) => {
    const login = `guest-${round}`
    const { body } = await here.request<{ user: { id: string } }>('POST', paths.users, { json: { login, name: login, password, role: 'staff' } })
    const guest = await new ApiClient(cluster.url('serve 2')).login(login, password)
    const { run } = await startedRun(here, `user ${round}`)
    const { token } = (await guest.request<WatchGrant>('POST', paths.watchTokens(run))).body
    const watchers = [
      await watching(cluster, run, { token }),
      await watching(cluster, run, { cookie: `${loginCookie}=${guest.cookies.value(loginCookie)}` }),
    ]
    return async () => {
      await here.request('PATCH', paths.user(body.user.id), { json: { disabled: true } })
      await Promise.all(watchers.map(closed))
      await here.request('POST', paths.cancel(run))
    }
  },
  'a database is renamed    ': async ({ here, there, round }) => {
    const id = await here.addTarget(`renamed-${round}`)
    return async () => {
      await here.request('PATCH', paths.target(id), { json: { name: `anew ${round}` } })
      while ((await there.get<{ target: TargetView }>(paths.target(id))).body.target.name !== `anew ${round}`);
    }
  },
}

/**
 * `npm run bench -- reach [ROUNDS]`: what is done at one of two processes that serve, until it is seen at the other, or where the run works; the request
 * counts, too. Promised: within a second.
 */
export async function run([rounds = '50']: string[]): Promise<void> {
  const surroundings = await openSurroundings()
  const env = { LEASE_SECONDS: '30', LOG_LEVEL: 'warn' }
  const cluster = await Cluster.open('distributed', surroundings, { main: scriptedMain, work: 1, env })
  try {
    const [here, there] = [await cluster.admin('serve 1'), await cluster.admin('serve 2')]
    for (const [name, prepare] of Object.entries(reaches)) {
      const taken: number[] = []
      for (let round = 1; round <= Number(rounds); round++) {
        const reach = await prepare({ cluster, here, there, round })
        const begun = performance.now()
        await reach()
        taken.push(performance.now() - begun)
      }
      const figures = latencies(taken)
      console.log(`${inWords(name, figures)}, promise: ${figures.max < promisedMs ? 'kept' : 'NOT kept'}`)
    }
  } finally {
    await cluster.close()
    await surroundings.close()
  }
}

/** A run that works until it is cancelled. */
async function startedRun(api: ApiClient, name: string): Promise<{ run: string; watch: string }> {
  const script = [{ log: 'works' }, { until: path.join(root, 'never made') }]
  const { import: view, watch }: StartAnswer = await api.startScript(script, { target: await api.addTarget(name.replace(' ', '-')) })
  return { run: view.id, watch: watch.token }
}

async function watching(cluster: Cluster, importId: string, right: { token?: string; cookie?: string }): Promise<Watcher> {
  const watcher = new Watcher(cluster.url('serve 2'), importId, right)
  await watcher.until(({ events }) => events.some(({ message }) => message === 'works'))
  return watcher
}

async function closed(watcher: Watcher): Promise<void> {
  await watcher.until(({ connected }) => !connected)
  watcher.close()
}
