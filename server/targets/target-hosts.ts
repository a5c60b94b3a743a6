import { createHostRules } from '../config/hosts.ts'
import type { HostRules } from '../config/hosts.ts'
import { AppError } from '../errors.ts'

/**
 * Hosts that databases may be on. Databases are mostly in one's own network, so all are allowed but link-local ones and the like, until the operator lists
 * those that are. Others: `target_refused`.
 */
export function targetHosts(listed: string[] | undefined): HostRules {
  const refuse = (host: string, never: boolean) => {
    const text = never
      ? `${host} has an address that Intake never connects to: link-local, of a cloud's metadata, or no single host.`
      : `${host} is not among the hosts that databases may be on. Whoever runs this server can allow it by the setting TARGET_HOSTS.`
    return new AppError('target_refused', text, { details: { host } })
  }
  return createHostRules({ listed: listed ?? [], others: listed ? 'none' : 'all', refuse })
}
