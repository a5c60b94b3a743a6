import { Socket } from 'node:net'
import type { HostRules } from '../../config/hosts.ts'

/** A socket for pg, which connects to hosts within the rules alone; what was looked up and judged is what is connected to. Others end it with the rules' error. */
export function socketWithin(rules: HostRules): Socket {
  const socket = new Socket()
  const connect = socket.connect.bind(socket)
  const guarded = (port: number, host: string): Socket => {
    try {
      rules.check(host)
    } catch (thrown) {
      return socket.destroy(thrown as Error)
    }
    return connect({ port, host, lookup: rules.lookup })
  }
  return Object.assign(socket, { connect: guarded })
}
