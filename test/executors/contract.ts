import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutorHarness, ExecutorTraits, Setup } from './contract/harness.ts';
import { promisePolls } from './contract/poll.ts';
import { promiseSecrecy } from './contract/secrecy.ts';
import { promiseSelection } from './contract/selection.ts';
import { promiseStarts } from './contract/start.ts';
import { promiseStops } from './contract/stop.ts';

/** Each executor keeps that many at least, whatever is left out because its far side cannot have it. */
const fewest = 30;

/**
 * The promises of the `Executor` interface, which every implementation keeps. A harness is what contract/harness.ts
 * says; http-harness.ts and command-harness.ts are two of them.
 */
export function describeExecutorContract(name: string, traits: ExecutorTraits, setup: Setup): void {
  describe(`the ${name} executor keeps the contract:`, () => {
    let harness: ExecutorHarness;
    let skewMs = 0;
    let registered = 0;
    beforeEach(async () => {
      skewMs = 0;
      harness = await setup(() => Date.now() + skewMs);
    });
    afterEach(() => harness.close());

    const suite = {
      traits,
      harness: () => harness,
      skewClock: (byMs: number) => {
        skewMs = byMs;
      },
      promise: (sentence: string, test: () => Promise<void>) => {
        registered += 1;
        it(sentence, test);
      },
    };
    for (const register of [promiseStarts, promiseSelection, promisePolls, promiseStops, promiseSecrecy]) {
      register(suite);
    }

    it(`that is ${fewest} promises at least`, () => expect(registered).toBeGreaterThanOrEqual(fewest));
  });
}
