import { lookup as systemLookup } from 'node:dns'
import type { LookupAddress, LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import type { AppError } from '../errors.ts'

/** Which hosts that people enter may be reached. Those that are link-local, where clouds keep their credentials, and those that are no single host never are. */
export type HostPolicy = {
  /** By the operator: host names (`*.example.lan` for all below one), addresses and networks (`192.168.1.0/24`). */
  listed: string[]
  /** What is not listed: public addresses, which are not of this machine or a private network; all; or none. */
  others: 'public' | 'all' | 'none'
  /** The error for a host that is refused; `never` says that listing it would not help. */
  refuse: (host: string, never: boolean) => AppError
}

export type HostRules = {
  /** For drivers: the system's lookup, which fails for addresses that must not be reached. What was looked up is what is connected to. */
  lookup: LookupFunction
  /** Throws the policy's error for a host that is itself such an address; lookup is not asked for those. */
  check(host: string): void
  /** Whether the operator listed this host by its name, its address or its network. */
  isListed(host: string): boolean
}

const forbidden = blockList(
  ['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.88.99.0/24', '198.18.0.0/15', '224.0.0.0/3', '100.100.100.200/32', '168.63.129.16/32'],
  ['::/128', 'fe80::/10', 'fec0::/10', 'ff00::/8', 'fd00:ec2::254/128', 'fd20:ce::254/128', '2002::/16', '2001::/32', '100::/64'],
)
const internal = blockList(['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'], ['::1/128', 'fc00::/7'])

/** The rules that follow from a policy, for whoever connects to what people enter. */
export function createHostRules({ listed, others, refuse }: HostPolicy): HostRules {
  const names = listed.filter((item) => !isNetwork(item)).map(plain)
  const networks = listed.filter(isNetwork)
  const allowed = blockList(
    networks.filter((item) => !item.includes(':')),
    networks.filter((item) => item.includes(':')),
  )
  const isNamed = (host: string) => names.some((name) => (name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name))
  const isOther = (address: string) => others === 'all' || (others === 'public' && !within(internal, address))
  const mayReach = (address: string, named: boolean) => !within(forbidden, address) && (named || isOther(address) || within(allowed, address))
  const refusal = (host: string, addresses: string[]) => {
    const never = addresses.every((address) => within(forbidden, address))
    return refuse(host, never)
  }
  return {
    lookup: (host, options, done) => {
      systemLookup(host, { ...options, all: true }, (error, found) => {
        if (error) return done(error, '')
        const addresses = found.filter(({ address }) => mayReach(address, isNamed(plain(host))))
        if (addresses.length > 0) return answer(addresses, options, done)
        const all = found.map(({ address }) => address)
        done(refusal(host, all), '')
      })
    },
    check: (host) => {
      if (isIP(plain(host)) && !mayReach(plain(host), false)) throw refusal(host, [plain(host)])
    },
    isListed: (host) => isNamed(plain(host)) || (isIP(plain(host)) > 0 && within(allowed, plain(host))),
  }
}

function answer(addresses: LookupAddress[], { all }: LookupOptions, done: Parameters<LookupFunction>[2]): void {
  const [first] = addresses
  if (all || !first) done(null, addresses)
  else done(null, first.address, first.family)
}

/** As names and addresses are compared: `[::1]` is how a URL writes `::1`. */
function plain(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}

function isNetwork(item: string): boolean {
  return isIP(plain(item.split('/')[0]!)) > 0
}

function blockList(ipv4: string[], ipv6: string[]): BlockList {
  const list = new BlockList()
  const add = (item: string, type: 'ipv4' | 'ipv6', longest: number) => {
    const [address = '', bits = String(longest)] = item.split('/')
    list.addSubnet(plain(address), Number(bits), type)
  }
  for (const item of ipv4) add(item, 'ipv4', 32)
  for (const item of ipv6) add(item, 'ipv6', 128)
  return list
}

/** An IPv4 address may be written inside an IPv6 one: mapped (which the list sees through), or behind a translator of networks (64:ff9b::/96). */
function within(list: BlockList, address: string): boolean {
  const bare = address.replace(/%.*$/, '')
  if (isIP(bare) === 4) return list.check(bare, 'ipv4')
  const inner = translated(bare)
  return list.check(bare, 'ipv6') || (inner !== null && list.check(inner, 'ipv4'))
}

const nat64 = blockList([], ['64:ff9b::/96'])

function translated(address: string): string | null {
  if (!nat64.check(address, 'ipv6')) return null
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  if (dotted) return dotted
  // The URL parser writes an IPv6 address in one way.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::').at(-1)!.split(':').slice(-2)
  const [high = 0, low = 0] = groups.length === 2 ? groups.map((group) => Number.parseInt(group, 16)) : [0, Number.parseInt(groups[0] || '0', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
