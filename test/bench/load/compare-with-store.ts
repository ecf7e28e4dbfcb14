import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../measure/statistics.ts';
import type { LoadWorld } from './world.ts';

export interface Compared {
  readonly triggersPerSecond: number;
  readonly callsEach: number;
  /** Of the same calls, by themselves. */
  readonly storePerSecond: number;
  /** Triggers a second times calls each, of what the store takes. */
  readonly share: number;
}

const callers = 8;
const recordedTriggers = 20;
const rounds = 5;
const roundMs = 3000;

/**
 * How much of the store's own speed the service leaves: triggers as fast as it takes them, with all that follows up to the
 * runner that has taken the job, in turn with the same calls sent to the same store by the same process, and nothing else.
 */
export async function compareWithStore(world: LoadWorld, say: (text: string) => void): Promise<Compared> {
  world.onJob(() => {});
  let n = 0;
  const trigger = async (): Promise<void> => {
    const id = await world.trigger(world.planIds[n++ % world.planIds.length] as number);
    if (id === undefined) throw new Error('a trigger was refused');
  };
  const triggersFor = async (ms: number): Promise<Pick<Compared, 'triggersPerSecond' | 'callsEach'>> => {
    const before = await world.see();
    const startedAt = performance.now();
    let triggers = 0;
    const work = async (): Promise<void> => {
      for (; performance.now() - startedAt < ms; triggers++) await trigger();
    };
    await Promise.all(Array.from({ length: callers }, work));
    // What was started and not yet handed to the runner counts with the time it takes.
    const calls = (await untilQuiet(world)) - before.calls;
    const seconds = (performance.now() - startedAt - quietMs) / 1000;
    return { triggersPerSecond: triggers / seconds, callsEach: calls / triggers };
  };

  await triggersFor(roundMs);
  await world.record();
  for (let i = 0; i < recordedTriggers; i++) {
    await trigger();
    await untilQuiet(world);
  }
  await world.replay(callers, roundMs);
  const measured: Compared[] = [];
  for (let round = 0; round < rounds; round++) {
    const storePerSecond = await world.replay(callers, roundMs);
    const made = await triggersFor(roundMs);
    measured.push({ ...made, storePerSecond, share: (made.triggersPerSecond * made.callsEach) / storePerSecond });
    say(`${made.triggersPerSecond.toFixed(0)} triggers/s, the store alone ${storePerSecond.toFixed(0)} calls/s`);
  }
  const middle = (of: keyof Compared): number => median(measured.map((one) => one[of]));
  return {
    triggersPerSecond: middle('triggersPerSecond'),
    callsEach: middle('callsEach'),
    storePerSecond: middle('storePerSecond'),
    share: middle('share'),
  };
}

const quietMs = 100;

/** Calls so far, once none came for a moment. */
async function untilQuiet(world: LoadWorld): Promise<number> {
  for (let { calls } = await world.see(); ; ) {
    await sleep(quietMs);
    const now = (await world.see()).calls;
    if (now === calls) return calls;
    calls = now;
  }
}
