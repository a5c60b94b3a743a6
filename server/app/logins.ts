import { Authenticator } from '../auth/authenticate.ts'
import { ExchangeLogins } from '../auth/exchange-logins.ts'
import { LoginSessions } from '../auth/login-sessions.ts'
import type { CloseSockets } from '../auth/login-sessions.ts'
import { Users } from '../auth/users.ts'
import { WatchTokens } from '../auth/watch-tokens.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import type { Publisher } from '../realtime/publisher.ts'
import { rooms } from '../realtime/rooms.ts'

export type Logins = ReturnType<typeof createLogins>

/** Who may do what. Whoever loses a right loses the sockets that were opened with it, in every process. */
export function createLogins(config: Config, database: Database, publisher: Publisher) {
  const closeSockets: CloseSockets = (what, reason) => {
    if ('userId' in what) publisher.revoke(rooms.user(what.userId), reason)
    else if ('loginId' in what) publisher.revoke(rooms.login(what.loginId), reason)
    else for (const tokenId of what.tokenIds) publisher.revoke(rooms.token(tokenId), reason)
  }
  const users = new Users(database, (userId, reason) => closeSockets({ userId }, reason))
  const logins = new LoginSessions(database, { idleMs: config.loginIdleMs, absoluteMs: config.loginAbsoluteMs }, closeSockets)
  const tokens = new WatchTokens(database, config.watchTokenMs, closeSockets)
  return { users, logins, tokens, exchangeLogins: new ExchangeLogins(database), authenticator: new Authenticator(logins, tokens) }
}
