import { isIP } from 'node:net';
import { isAllowedAddress, type Network, parseNetwork } from './address.ts';

export interface TargetRules {
  /** Plain http too; for embedded mode. */
  readonly allowHttp: boolean;
  /** Hosts, addresses and networks in CIDR notation that may be reached although they are not public. */
  readonly allowPrivate: readonly string[];
  /** Ports beside 443 and 8443 (and 80 with `allowHttp`). */
  readonly ports: readonly number[] | 'any';
}

/** A parsed URL that may be connected to, provided its name's addresses are allowed too. */
export interface Target {
  readonly url: URL;
  /** Name or address literal, without brackets or final dot. */
  readonly host: string;
  readonly port: number;
  readonly literal: boolean;
}

export interface TargetCheck {
  /** The target, or why it is refused; the reason never holds the URL. */
  check(url: string): Target | { readonly refused: string };
  isAllowed(host: string, address: string): boolean;
}

/** The rules, prepared once. Throws if an entry of `allowPrivate` is neither host, address nor network. */
export function createTargetCheck(rules: TargetRules): TargetCheck {
  const networks: Network[] = [];
  const hosts = new Set<string>();
  for (const entry of rules.allowPrivate) {
    const network = parseNetwork(entry);
    if (network) networks.push(network);
    else if (hostSyntax.test(entry)) hosts.add(entry.toLowerCase());
    else throw new Error(`Not a host, address or network: ${entry}`);
  }
  const ports = new Set([443, 8443, ...(rules.allowHttp ? [80] : []), ...(rules.ports === 'any' ? [] : rules.ports)]);
  const isAllowed = (host: string, address: string): boolean => hosts.has(host) || isAllowedAddress(address, networks);

  return {
    isAllowed,
    check(text) {
      const url = parseUrl(text);
      if (!url) return { refused: 'is not a URL' };
      const secure = url.protocol === 'https:';
      if (!secure && url.protocol !== 'http:') return { refused: 'must be an https URL' };
      if (!secure && !rules.allowHttp) return { refused: 'must be an https URL' };
      if (url.username !== '' || url.password !== '') return { refused: 'must not hold a user name or password' };
      const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
      if (host.length > 253 || host.split('.').includes('')) {
        return { refused: 'must name a host of at most 253 characters' };
      }
      const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
      if (rules.ports !== 'any' && !ports.has(port)) return { refused: `port ${port} is not allowed` };
      const literal = isIP(host) !== 0;
      if (literal && !isAllowed(host, host)) return { refused: 'the address is not public' };
      if (isLoopbackName(host) && !isAllowed(host, '127.0.0.1')) return { refused: 'the host is not public' };
      return { url, host, port, literal };
    },
  };
}

const hostSyntax = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})$/;

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** RFC 6761: these names never leave the machine. */
function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
