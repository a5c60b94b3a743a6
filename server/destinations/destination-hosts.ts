import { createHostRules } from '../config/hosts.ts'
import type { HostRules } from '../config/hosts.ts'
import { AppError } from '../errors.ts'

/** Hosts that accounts may lead to: public ones, and those of this machine and of private networks that the operator listed. Others: `destination_refused`. */
export function destinationHosts(listed: string[]): HostRules {
  const refuse = (host: string, never: boolean) => {
    const text = never
      ? `${host} has an address that Intake never sends to: link-local, of a cloud's metadata, or no single host.`
      : `${host} is in this machine or a private network. Whoever runs this server can allow it by the setting DESTINATION_HOSTS.`
    return new AppError('destination_refused', text, { details: { host } })
  }
  return createHostRules({ listed, others: 'public', refuse })
}
