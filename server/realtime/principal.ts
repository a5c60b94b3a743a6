import type { Role } from '../../shared/protocol/views.ts'

/** Who asks, as `authenticate` found out. `expiresAt` in milliseconds since 1970. */
export type Principal =
  | { type: 'login'; userId: string; userName: string; role: Role; loginId: string; expiresAt: number }
  | { type: 'watch'; userId: string; userName: string; importId: string; tokenId: string; expiresAt: number }

/** Whether this principal may see that import session. Staff see all of them; a watch token sees its own. */
export function maySee(principal: Principal, importId: string): boolean {
  return principal.type === 'login' || principal.importId === importId
}
