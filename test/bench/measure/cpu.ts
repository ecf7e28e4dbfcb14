import { median } from './statistics.ts';

/** Milliseconds of CPU this process spends on the work, garbage collection included. */
export async function cpuMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** CPU of each work, in turn, so that whatever slows the machine slows all of them: medians of so many rounds after a first one. */
export async function cpuInTurn<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
  rounds: number,
  say: (text: string) => void,
): Promise<Record<Name, number>> {
  const names = Object.keys(works) as Name[];
  const taken = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      globalThis.gc?.();
      const ms = await cpuMs(works[name]);
      if (round > 0) taken.get(name)?.push(ms);
    }
    say(`round ${round} of ${rounds}`);
  }
  return Object.fromEntries(names.map((name) => [name, median(taken.get(name) ?? [])])) as Record<Name, number>;
}
