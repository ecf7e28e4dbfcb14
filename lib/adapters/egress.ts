import { lookup } from 'node:dns/promises';
import { isServiceError, ServiceError } from '../core/errors.ts';
import { createUrlCheck } from './egress/check-url.ts';
import { type Address, type Exchange, type ExchangeResponse, exchange } from './egress/exchange.ts';
import { createTargetCheck, type Target, type TargetCheck, type TargetRules } from './egress/target.ts';

export interface EgressOptions extends TargetRules {
  /** All addresses of a name; the system's resolver unless given. */
  readonly resolve?: (host: string) => Promise<readonly Address[]>;
  /** For name resolution and connecting together. */
  readonly connectTimeoutMs?: number;
}

export interface EgressRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** 64 kB unless given, as a number or by the response's content type; what is longer is cut. */
  readonly maxResponseBytes?: Exchange['maxResponseBytes'];
  /** For everything; 15 s unless given. */
  readonly timeoutMs?: number;
  /** The status is all that matters: what becomes of the body is not part of the answer. */
  readonly dropBody?: boolean;
}

export type EgressResponse = ExchangeResponse;

/** The one way out to URLs that users give (reliability.md 5.6). */
export interface Egress {
  /** Throws VALIDATION_FAILED naming the field if the URL can never be sent to. Resolves no names. */
  checkUrl(url: string, field?: string): void;
  /**
   * Throws EXECUTOR_REFUSED for a forbidden target and EXECUTOR_UNAVAILABLE for a network that fails or is too slow. Any
   * status is an answer. Messages name scheme and host only.
   */
  send(request: EgressRequest): Promise<EgressResponse>;
}

/** Egress under the given rules. Every address of a name must be allowed; the connection is pinned to those. */
export function createEgress(options: EgressOptions): Egress {
  const targets = createTargetCheck(options);
  const resolve = options.resolve ?? ((host) => lookup(host, { all: true }));
  const connectTimeoutMs = options.connectTimeoutMs ?? 5000;
  return {
    checkUrl: createUrlCheck(options),
    async send(request) {
      const target = targets.check(request.url);
      if ('refused' in target) throw new ServiceError('EXECUTOR_REFUSED', `The URL ${target.refused}.`);
      const startedAt = performance.now();
      const timeoutMs = request.timeoutMs ?? 15_000;
      try {
        const resolveBy = Math.min(connectTimeoutMs, timeoutMs);
        const addresses = target.literal ? [] : await within(resolveBy, resolve(target.host));
        refuseUnlessAllowed(targets, target, addresses);
        const spent = performance.now() - startedAt;
        return await exchange(target, addresses, {
          method: request.method,
          headers: request.headers ?? {},
          body: request.body,
          maxResponseBytes: request.maxResponseBytes ?? 64 * 1024,
          dropBody: request.dropBody ?? false,
          connectBy: Math.max(1, connectTimeoutMs - spent),
          endBy: Math.max(1, timeoutMs - spent),
        });
      } catch (error) {
        if (isServiceError(error)) throw error;
        // No cause: a parser's error holds the bytes received, which nobody may log.
        throw new ServiceError('EXECUTOR_UNAVAILABLE', `${target.url.origin} did not answer: ${reasonOf(error)}.`);
      }
    },
  };
}

/** A mixed answer is refused as a whole: one private address among public ones is an attack or a mistake. */
function refuseUnlessAllowed(targets: TargetCheck, target: Target, addresses: readonly Address[]): void {
  if (target.literal) return;
  if (addresses.length === 0) throw new Error('the name has no address');
  if (addresses.every(({ address }) => targets.isAllowed(target.host, address))) return;
  throw new ServiceError('EXECUTOR_REFUSED', `${target.url.origin} has an address that is not public.`);
}

function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the name was not resolved in time')), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** The code where there is one: messages of the network layer may hold more than they should. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}
