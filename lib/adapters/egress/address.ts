import { isIP } from 'node:net';

/** An IP network or single address; IPv4 and IPv4-mapped IPv6 are one and the same. */
export interface Network {
  readonly family: 4 | 6;
  readonly bits: bigint;
  readonly prefix: number;
}

/** The network in CIDR notation, or the single address; undefined if the text is neither. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([0-9A-Fa-f:.]{2,45})(?:\/([0-9]{1,3}))?$/.exec(text);
  const address = match && parseAddress(match[1] as string);
  if (!address) return undefined;
  const width = address.family === 4 ? 32 : 128;
  const prefix = match[2] === undefined ? width : Number(match[2]);
  return prefix <= width ? { ...address, prefix } : undefined;
}

/** True if anyone on the internet may be reached there (reliability.md 5.6), or one of the extra networks holds it. */
export function isAllowedAddress(text: string, extra: readonly Network[]): boolean {
  const address = parseAddress(text);
  if (!address) return false;
  if (extra.some((network) => holds(network, address))) return true;
  const { deniedIpv4, globalUnicast, deniedIpv6 } = networks();
  if (address.family === 4) return !deniedIpv4.some((network) => holds(network, address));
  return holds(globalUnicast, address) && !deniedIpv6.some((network) => holds(network, address));
}

const deniedIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Only this part is allowed, so loopback, link-local, unique local, NAT64 and IPv4-compatible addresses fall out. */
const globalUnicast = '2000::/3';
const deniedIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

let known: ReturnType<typeof parseNetworks> | undefined;

/** Parsed when the first address is judged: that takes 10 ms of a cold start, and most functions judge none. */
function networks() {
  known ??= parseNetworks();
  return known;
}

function parseNetworks() {
  return {
    deniedIpv4: deniedIpv4.map(network),
    globalUnicast: network(globalUnicast),
    deniedIpv6: deniedIpv6.map(network),
  };
}

/** Own arithmetic, since `net.BlockList` takes the mapped network for all of IPv4 (reliability.md 1.2). */
function parseAddress(text: string): Omit<Network, 'prefix'> | undefined {
  const family = isIP(text);
  if (family === 4) return { family, bits: BigInt(ipv4Bits(text)) };
  if (family !== 6 || text.includes('%')) return undefined;
  const bits = ipv6Bits(text);
  return bits >> 32n === 0xffffn ? { family: 4, bits: bits & 0xffff_ffffn } : { family, bits };
}

function ipv4Bits(text: string): number {
  return text.split('.').reduce((bits, part) => bits * 256 + Number(part), 0);
}

/** The WHATWG parser turns every spelling, a dotted tail too, into groups of hex digits. */
function ipv6Bits(text: string): bigint {
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const zeros = new Array<string>(8 - front.length - back.length).fill('0');
  return [...front, ...zeros, ...back].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function holds(network: Network, address: Omit<Network, 'prefix'>): boolean {
  if (network.family !== address.family) return false;
  const rest = BigInt((network.family === 4 ? 32 : 128) - network.prefix);
  return network.bits >> rest === address.bits >> rest;
}

function network(text: string): Network {
  return parseNetwork(text) as Network;
}
