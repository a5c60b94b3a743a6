import { describe, expect, it } from 'vitest'
import type { HostRules } from '../../../server/config/hosts.ts'
import { destinationHosts } from '../../../server/destinations/destination-hosts.ts'
import { targetHosts } from '../../../server/targets/target-hosts.ts'

/** What the rules say of a host, as a driver would ask them: an address is checked, a name looked up. */
async function ask(rules: HostRules, host: string): Promise<string> {
  rules.check(host)
  return await new Promise((resolve, reject) => {
    rules.lookup(host, { all: false }, (error, address) => (error ? reject(error) : resolve(address as string)))
  })
}

const never = expect.stringContaining('never')
const refusal = { code: 'destination_refused', message: expect.stringContaining('DESTINATION_HOSTS') }

describe('a host that somebody enters', () => {
  it.each([
    '127.0.0.1',
    '127.1.2.3',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::7f00:1',
    'localhost',
    'LOCALHOST',
    '127.1',
    '0x7f000001',
    '2130706433',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    'fd12:3456::1',
  ])('%s is one of this machine or a private network', async (host) => {
    await expect(ask(destinationHosts([]), host)).rejects.toMatchObject(refusal)
  })

  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::169.254.169.254',
    'fe80::1',
    'fe80::1%lo',
    'fd00:ec2::254',
    '0.0.0.0',
    '::',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
    '2002:7f00:1::',
  ])('%s is never reached, whatever is listed', async (host) => {
    const everything = ['0.0.0.0/0', '::/0', host]
    await expect(ask(destinationHosts(everything), host)).rejects.toMatchObject({ code: 'destination_refused', message: never })
    for (const listed of [everything, undefined])
      await expect(ask(targetHosts(listed), host)).rejects.toMatchObject({ code: 'target_refused', message: never })
  })

  it.each(['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '172.32.0.1', '::ffff:93.184.215.14', '64:ff9b::93.184.215.14'])(
    '%s is public',
    (host) => {
      expect(() => destinationHosts([]).check(host)).not.toThrow()
    },
  )

  it.each([
    [['localhost'], 'localhost'],
    [['127.0.0.1', '::1'], 'localhost'],
    [['127.0.0.0/8', '::1/128'], 'localhost'],
    [['127.0.0.1'], '127.0.0.1'],
    [['127.0.0.1'], '::ffff:127.0.0.1'],
    [['::1'], '[::1]'],
  ])('listed as %j lets %s be reached', async (listed, host) => {
    const rules = destinationHosts(listed)
    expect(() => rules.check(host)).not.toThrow()
    if (host === 'localhost') expect(await ask(rules, host)).toMatch(/^(127\.0\.0\.1|::1)$/)
  })

  it('is listed by its own name alone', () => {
    const rules = destinationHosts(['nas.lan', '*.office.lan', '192.168.7.0/24'])
    expect(['nas.lan', 'NAS.lan.', 'a.office.lan', 'b.a.office.lan', '192.168.7.9'].filter((host) => !rules.isListed(host))).toEqual([])
    expect(['office.lan', 'xoffice.lan', 'nas.lan.evil.example', '192.168.8.9'].filter((host) => rules.isListed(host))).toEqual([])
  })

  it.each(['127.0.0.1', '::1', 'localhost', '10.0.0.1', 'fd12:3456::1', '93.184.215.14'])(
    '%s may have a database, unless others are listed',
    async (host) => {
      expect(() => targetHosts(undefined).check(host)).not.toThrow()
      const listed = { code: 'target_refused', message: expect.stringContaining('TARGET_HOSTS') }
      await expect(ask(targetHosts(['192.168.1.9']), host)).rejects.toMatchObject(listed)
      await expect(ask(targetHosts([]), host)).rejects.toMatchObject(listed)
      expect(() => targetHosts([host, '0.0.0.0/0', '::/0']).check(host)).not.toThrow()
    },
  )
})
