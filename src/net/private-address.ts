import { BlockList, isIP } from 'node:net'

/** IPv4 networks that are not on the public Internet, as address and prefix length. */
const NOT_PUBLIC: readonly (readonly [address: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/**
 * The same for IPv6: unspecified, loopback and IPv4-compatible; discard; Teredo and other protocol assignments;
 * documentation; 6to4; unique local, link-local, site-local, multicast.
 */
const NOT_PUBLIC_6: readonly (readonly [address: string, prefix: number])[] = [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
]

const BLOCKED: BlockList = blocked()

/**
 * Returns true if an address is in a private network, on this machine or unassigned. Text that is not an address counts
 * as private.
 */
export function isPrivate(address: string): boolean {
  const [plain = ''] = address.split('%', 1)
  const version = isIP(plain)
  return version === 0 || BLOCKED.check(plain, version === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Creates the block list. IPv4 addresses embedded in IPv6 are covered too: the list handles mapped ones, those of NAT64
 * are added here.
 */
function blocked(): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of NOT_PUBLIC) {
    list.addSubnet(address, prefix, 'ipv4')
    list.addSubnet(`64:ff9b::${address}`, 96 + prefix, 'ipv6')
  }
  for (const [address, prefix] of NOT_PUBLIC_6) list.addSubnet(address, prefix, 'ipv6')
  return list
}
