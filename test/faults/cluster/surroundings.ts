import { startOwnPostgres } from '../../support/postgres.ts'
import { startRedis } from '../../support/redis.ts'
import type { TestRedis } from '../../support/redis.ts'

type OwnPostgres = Awaited<ReturnType<typeof startOwnPostgres>>

export type Engine = 'embedded' | 'distributed'

/** The servers around a cluster, its own alone: they are treated badly. `app` holds the app database of the distributed engine, `targets` what runs write to. */
export type Surroundings = { app: OwnPostgres; targets: OwnPostgres; redis: TestRedis; close(): Promise<void> }

export async function openSurroundings(): Promise<Surroundings> {
  const [app, targets, redis] = await Promise.all([startOwnPostgres(), startOwnPostgres(), startRedis()])
  return {
    app,
    targets,
    redis,
    close: async () => {
      await redis.stop()
      await app.stop()
      await targets.stop()
    },
  }
}
