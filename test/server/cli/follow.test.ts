import { expect, it } from 'vitest'
import { followImport } from '../../../server/cli/follow.ts'
import { LooseServer } from '../../support/loose-server.ts'

it.each(['end', 'endUntold', 'endWithinAnswer'] as const)('a terminal that follows sees all, and that the run has ended (%s)', async (end) => {
  const server = await new LooseServer().listen()
  const seen: number[] = []
  const connected = Promise.withResolvers<void>()
  const listener = {
    onEvents: (events: { seq: number }[]) => void seen.push(...events.map(({ seq }) => seq)),
    onProgress: () => undefined,
    onConnection: (lost: string | null) => lost === null && connected.resolve(),
  }
  const { url, importId } = server
  const ended = followImport({ url, importId, token: 'T'.repeat(43), signal: new AbortController().signal, listener })
  await connected.promise
  server.emit(server.store(3))
  server[end]()
  expect((await ended).status).toBe('succeeded')
  expect(seen).toEqual(server.stored.map(({ seq }) => seq))
  await server.close()
})
