import type { Random } from './random.ts';

export const faults = ['failsBefore', 'failsAfter', 'isLate', 'isDoneTwice'] as const;
export type Fault = (typeof faults)[number];

/** Decides what happens to a call of a port; undefined is what should. */
export type Decide = (port: string, method: string) => Fault | undefined;

/** How often each fault hit each method: `runs.admit failsAfter`. */
export type Hits = Map<string, number>;

/** Faults by chance, counted. Some ports have methods that must not be done twice by anybody: `spare` names them. */
export function byChance(random: Random, rate: () => number, hits: Hits): Decide {
  return (port, method) => {
    if (!random.chance(rate())) return undefined;
    const fault = random.pick(faults);
    const name = `${port}.${method} ${fault}`;
    hits.set(name, (hits.get(name) ?? 0) + 1);
    return fault;
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
      if (typeof method !== 'function' || typeof name !== 'string') return method;
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
