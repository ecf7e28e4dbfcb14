/** How fast something is done with inputs of two kinds: nanoseconds of each call, in the order in which they were made. */
export interface Samples {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** Calls of each kind before the first that counts. */
const warmUp = 20_000;

/**
 * Times calls with inputs of two kinds, drawn by chance one after the other, so that whatever else the machine does hits both
 * alike (dudect, Reparaz, Balasch and Verbauwhede 2017). `makeA` and `makeB` make a fresh input each time, of one shape.
 */
export function sample<T>(
  calls: number,
  { makeA, makeB, call, chance }: { makeA: () => T; makeB: () => T; call: (input: T) => unknown; chance: () => number },
): Samples {
  const samples: Record<'a' | 'b', number[]> = { a: [], b: [] };
  let sink = 0;
  for (let i = -warmUp; i < calls; i++) {
    const kind = chance() < 0.5 ? 'a' : 'b';
    // Both are made, whichever is used: the cache knows no kinds.
    const [a, b] = [makeA(), makeB()];
    const input = kind === 'a' ? a : b;
    const startedAt = process.hrtime.bigint();
    const answer = call(input);
    const took = Number(process.hrtime.bigint() - startedAt);
    if (answer) sink += 1;
    if (i >= 0) samples[kind].push(took);
  }
  if (sink < 0) throw new Error('nothing was called');
  return samples;
}

/** What is kept of the samples, from the fastest on: a machine that is busy makes the others. */
const kept = [0.5, 0.7, 0.8, 0.9, 0.95];

/** The largest |t| of Welch's test of both kinds, each cut at several percentiles of all samples. Below 4.5 they are told apart by nobody. */
export function largestT({ a, b }: Samples): number {
  const sorted = [...a, ...b].sort((one, other) => one - other);
  return Math.max(
    ...kept.map((part) => {
      const limit = sorted[Math.floor(sorted.length * part)] ?? Number.POSITIVE_INFINITY;
      return Math.abs(
        welch(
          a.filter((ns) => ns < limit),
          b.filter((ns) => ns < limit),
        ),
      );
    }),
  );
}

function welch(a: readonly number[], b: readonly number[]): number {
  // One kind alone among the fast is a difference, none at all is none.
  if (a.length < 2 || b.length < 2) return a.length < 2 && b.length < 2 ? 0 : Number.POSITIVE_INFINITY;
  const [one, other] = [momentsOf(a), momentsOf(b)];
  const difference = one.mean - other.mean;
  return difference === 0 ? 0 : difference / Math.sqrt(one.variance / a.length + other.variance / b.length);
}

function momentsOf(samples: readonly number[]): { mean: number; variance: number } {
  const mean = samples.reduce((sum, ns) => sum + ns, 0) / samples.length;
  return { mean, variance: samples.reduce((sum, ns) => sum + (ns - mean) ** 2, 0) / (samples.length - 1) };
}
