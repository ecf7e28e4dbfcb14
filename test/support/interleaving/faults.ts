import type { Services } from '../../../lib/core/ports.ts';
import type { Random } from './random.ts';

export const faults = ['failsBefore', 'failsAfter', 'isLate', 'isDoneTwice'] as const;
export type Fault = (typeof faults)[number];

/** Decides what happens to a call of a port; undefined is what should. */
export type Decide = (port: string, method: string) => Fault | undefined;

/** How often each method was called, and each fault hit it: `runs.admit`, `runs.admit failsAfter`. */
export type Hits = Map<string, number>;

/** Faults by chance, counted; whatever the chance, those aimed at are met at the first call, and at one of those after it. */
export function byChance(random: Random, rate: () => number, hits: Hits, aims: () => ReadonlySet<string>): Decide {
  const aimed = new Map<string, number>();
  return (port, method) => {
    const name = `${port}.${method}`;
    const count = (what: string): void => void hits.set(what, (hits.get(what) ?? 0) + 1);
    const hit = (fault: Fault): Fault => {
      count(`${name} ${fault}`);
      return fault;
    };
    count(name);
    const fault = faults.find((one) => aims().has(`${name} ${one}`) && (aimed.get(`${name} ${one}`) ?? 0) < 2);
    const times = aimed.get(`${name} ${fault}`) ?? 0;
    if (fault !== undefined && (times === 0 || random.chance(0.2))) {
      aimed.set(`${name} ${fault}`, times + 1);
      return hit(fault);
    }
    return random.chance(rate()) ? hit(random.pick(faults)) : undefined;
  };
}

/**
 * The port with the faults in every one of its methods, made from the methods it has: it fails before it does anything; does it
 * and the answer is lost; takes its time; or is done twice, as by a client that repeats a call whose answer it did not get.
 */
export function withFaults<T extends object>(
  port: string,
  target: T,
  { decide, late, error }: { decide: Decide; late: () => Promise<void>; error: (method: string) => Error },
): T {
  return new Proxy(target, {
    get(object, name, receiver) {
      const method = Reflect.get(object, name, receiver) as unknown;
      if (typeof method !== 'function' || typeof name !== 'string' || atOnce.has(name)) return method;
      return async (...given: unknown[]) => {
        const fault = decide(port, name);
        if (fault === 'failsBefore') throw error(name);
        if (fault === 'isLate') await late();
        const answer = await Reflect.apply(method, object, given);
        if (fault === 'failsAfter') throw error(name);
        return fault === 'isDoneTwice' ? Reflect.apply(method, object, given) : answer;
      };
    },
  });
}

/** They answer at once: there is nothing between the call and its answer that could go wrong. */
const atOnce: ReadonlySet<string> = new Set(['now', 'random', 'log', 'executors', 'notice', 'capabilities']);

export function isAtOnce(method: string): boolean {
  return atOnce.has(method);
}

/** Every port of a process wrapped: those that are objects, and the services that are a function each. */
export function inEveryPort(services: Services, wrap: <T extends object>(port: string, target: T) => T): Services {
  const ports = Object.entries(services).map(([name, member]): [string, unknown] => {
    if (typeof member === 'object') return [name, wrap(name, member as object)];
    if (typeof member !== 'function' || atOnce.has(name)) return [name, member];
    const wrapped = wrap('services', { [name]: member });
    return [name, wrapped[name]];
  });
  return Object.fromEntries(ports) as unknown as Services;
}

/** The methods of a port that may go wrong, as `port.method`. */
export function methodsOf(port: string, target: object): string[] {
  const names = Object.entries(target).flatMap(([name, member]) => (typeof member === 'function' ? [name] : []));
  return names.filter((name) => !atOnce.has(name)).map((name) => `${port}.${name}`);
}
