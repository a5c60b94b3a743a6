import type { Middleware, ParameterizedContext } from 'koa'
import type { Principal } from '../realtime/principal.ts'

/** What middleware keeps for the handlers after it. */
export type State = { requestId: string; receivedAt: number; principal?: Principal }
export type Context = ParameterizedContext<State>
export type Handler = Middleware<State>
