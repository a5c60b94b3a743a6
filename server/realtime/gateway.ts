import type { z } from 'zod'
import type { WireError } from '../../shared/protocol/errors.ts'
import { eventPageLimit } from '../../shared/protocol/events.ts'
import type { EventPage, ImportView, WatchGrant } from '../../shared/protocol/views.ts'
import { unwatchMessage, watchMessage } from '../../shared/schemas/requests.ts'
import { isStorable } from '../database/storable.ts'
import { AppError, toWireError } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import { ExpiryClock } from './expiry-clock.ts'
import { MessageBudget } from './message-budget.ts'
import type { IntakeServer, IntakeSocket } from './sockets.ts'
import { maySee } from './principal.ts'
import type { Principal } from './principal.ts'
import { rooms } from './rooms.ts'
import { SharedReads } from './shared-reads.ts'
import type { SocketServer } from './socket-server.ts'
import { Tail } from './tail.ts'

/** What a socket brought along. `forwardedFor` is what a proxy, or anybody, says of the address. */
export type Handshake = { cookie: string | undefined; token: string | undefined; address: string; forwardedFor: string | undefined }

/** What the gateway needs of the rooms to its right. `app.ts` passes it. */
export type GatewayServices = {
  /** Answers who asks, or throws the AppError that refuses. */
  authenticate(handshake: Handshake): Promise<Principal>
  view(importId: string): Promise<ImportView | null>
  events(importId: string, after: number, limit: number): Promise<EventPage>
  /** The number of the newest stored event of each of these import sessions. */
  lastSeqs(importIds: string[]): Promise<Map<string, number>>
  /** The login as it stands now, after what was asked for over HTTP meanwhile; null when it has ended. */
  refresh(principal: Extract<Principal, { type: 'login' }>): Promise<Principal | null>
  /** Whether the right that a socket was opened with is still there. Changes nothing. */
  stands(principal: Principal): Promise<boolean>
  /** A new token for a watcher of a run that lives, or null when there is no right to one any more. */
  renew(principal: Extract<Principal, { type: 'watch' }>): Promise<{ grant: WatchGrant; principal: Principal } | null>
}

/** How a request is answered. */
type Answer<T> = (answer: T | ({ ok: false } & WireError)) => void

/** Socket.IO: who may join which room, replay by `seq`, renewal and expiry of what the socket was opened with. */
export class Gateway {
  readonly #services: GatewayServices
  readonly #log: Logger
  readonly #clock: ExpiryClock<IntakeSocket>
  readonly #tail: Tail
  readonly #io: IntakeServer
  readonly #reads: SharedReads

  constructor(sockets: SocketServer, services: GatewayServices, log: Logger) {
    this.#services = services
    this.#log = log
    this.#clock = new ExpiryClock((socket) => void this.#expireSafely(socket))
    const { io } = sockets
    this.#io = io
    this.#reads = new SharedReads(async (importId, after) => {
      const page = await services.events(importId, after, eventPageLimit)
      return { page, view: await services.view(importId) }
    })
    this.#tail = new Tail(sockets, (importIds) => services.lastSeqs(importIds), log)
    io.use((socket, next) => void this.#admit(socket, next))
    io.on('connection', (socket) => this.#welcome(socket))
  }

  /** Looks after no right and no log any more. The sockets are closed by whoever made their server. */
  stop(): void {
    this.#clock.stop()
    this.#tail.stop()
  }

  /**
   * Looks again at the right of every socket here: for when what other processes said may not have arrived. Whoever has none any more is told and closed.
   */
  async revalidate(): Promise<void> {
    for (const socket of this.#io.of('/').sockets.values()) {
      const { principal } = socket.data
      if (await this.#services.stands(principal)) continue
      socket.emit('revoked', { ...(principal.type === 'watch' && { importId: principal.importId }), reason: 'revoked' })
      socket.disconnect(true)
    }
  }

  async #admit(socket: IntakeSocket, next: (error?: Error) => void): Promise<void> {
    try {
      const auth: unknown = socket.handshake.auth['token']
      const token = typeof auth === 'string' && auth !== '' ? auth : undefined
      const { headers, address } = socket.handshake
      const forwardedFor = headers['x-forwarded-for']?.toString()
      socket.data.principal = await this.#services.authenticate({ cookie: headers.cookie, token, address, forwardedFor })
      next()
    } catch (thrown) {
      const wire = toWireError(thrown, socket.id)
      this.#log.info({ code: wire.error.code, socket: socket.id }, 'socket refused')
      next(Object.assign(new Error(wire.error.message), { data: wire }))
    }
  }

  #welcome(socket: IntakeSocket): void {
    socket.data.sent = new Map()
    this.#joinOwnRooms(socket)
    const budget = new MessageBudget()
    socket.data.budget = budget
    socket.use((_event, next) => (budget.take() ? next() : socket.disconnect(true)))
    socket.on('watch', (request, ack) => void this.#answer(socket, ack, () => this.#watch(socket, request)))
    socket.on('unwatch', (request, ack) => void this.#answer(socket, ack, () => this.#unwatch(socket, request)))
    socket.on('history', (ack) => void this.#answer(socket, ack, () => this.#history(socket)))
    socket.on('disconnect', () => this.#clock.forget(socket))
  }

  #joinOwnRooms(socket: IntakeSocket): void {
    const { principal } = socket.data
    void socket.join(rooms.user(principal.userId))
    void socket.join(principal.type === 'login' ? rooms.login(principal.loginId) : rooms.token(principal.tokenId))
    this.#clock.set(socket, principal.expiresAt)
  }

  async #watch(socket: IntakeSocket, request: unknown): Promise<{ ok: true; import: ImportView } & EventPage> {
    const { importId, after } = parse(watchMessage, request)
    if (!maySee(socket.data.principal, importId)) throw notToWatch()
    // Joined before the page is read: what is stored after the read arrives live, what was before is in the page; `seq` joins the two.
    const sent = await this.#tail.join(socket, importId)
    const { page, view } = await this.#reads.after(importId, after)
    if (!view) {
      await socket.leave(rooms.import(importId))
      throw notToWatch()
    }
    sent(page.lastSeq)
    socket.data.budget.page(importId, after, page.more ? (page.events.at(-1)?.seq ?? null) : null)
    return { ok: true, import: view, ...page }
  }

  async #unwatch(socket: IntakeSocket, request: unknown): Promise<{ ok: true }> {
    const { importId } = parse(unwatchMessage, request)
    await socket.leave(rooms.import(importId))
    socket.data.sent.delete(importId)
    return { ok: true }
  }

  async #history(socket: IntakeSocket): Promise<{ ok: true }> {
    if (socket.data.principal.type !== 'login') throw new AppError('forbidden', 'A watch token sees its own import session only.')
    await socket.join(rooms.history)
    return { ok: true }
  }

  async #answer<T extends { ok: true }>(socket: IntakeSocket, ack: Answer<T>, work: () => Promise<T>): Promise<void> {
    // A client that wants no answer sends none, whatever the types say.
    if (typeof ack !== 'function') return
    try {
      ack(await work())
    } catch (thrown) {
      if (!(thrown instanceof AppError)) this.#log.error({ err: thrown, socket: socket.id }, 'socket request failed')
      ack({ ok: false, ...toWireError(thrown, socket.id) })
    }
  }

  /** When the database is away, nobody can say whether the right goes on: the socket is closed, and its owner comes back when it can be looked up. */
  async #expireSafely(socket: IntakeSocket): Promise<void> {
    try {
      await this.#expire(socket)
    } catch (error) {
      this.#log.warn({ err: error, socket: socket.id }, 'the right of a socket could not be looked up')
      socket.disconnect(true)
    }
  }

  /** Called a little before a right ends, and at its end: renews a watcher of a living run, looks again at a login, closes what has ended. */
  async #expire(socket: IntakeSocket): Promise<void> {
    const { principal } = socket.data
    const next = principal.type === 'watch' ? await this.#renewToken(socket, principal) : await this.#services.refresh(principal)
    // It may have gone while that was found out: then nothing is to be joined, and no clock to be set.
    if (!socket.connected) return
    if (next && next.expiresAt > principal.expiresAt) {
      socket.data.principal = next
      this.#joinOwnRooms(socket)
    } else if (principal.expiresAt > Date.now()) {
      this.#clock.setFinal(socket, principal.expiresAt)
    } else {
      const reason = principal.type === 'watch' ? 'expired' : 'login_expired'
      socket.emit('revoked', { ...(principal.type === 'watch' && { importId: principal.importId }), reason })
      socket.disconnect(true)
    }
  }

  async #renewToken(socket: IntakeSocket, principal: Extract<Principal, { type: 'watch' }>): Promise<Principal | null> {
    const renewed = await this.#services.renew(principal)
    if (renewed) socket.emit('token', { importId: principal.importId, ...renewed.grant })
    return renewed?.principal ?? null
  }
}

const notToWatch = (): AppError => new AppError('not_found', 'There is no such import session, or it is not yours to watch.')

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success && isStorable(parsed.data)) return parsed.data
  const [issue] = parsed.error?.issues ?? []
  const reason = issue ? [...issue.path, issue.message].join(': ') : 'a text holds U+0000 or half of a surrogate pair'
  throw new AppError('invalid_input', `The message is not as docs/protocol.md has it. ${reason}`)
}
