import type { Metered } from '../measure/meter.ts';
import { openSizedRuns, packedReport } from '../measure/sized-runs.ts';
import type { Figure, Row } from '../row.ts';

/** A key is read again after half a minute. */
const keyMs = 31_000;

/** Calls of the deployed functions to AWS, counted where they arrive: each function's second run of a plan, as most are. */
export const row: Row = {
  id: 'P5',
  what: 'store and AWS calls on the path of a trigger, a status read and a completion',
  target: '6, 1 and 6; one more with an idempotency key or an uncached API key',
  async measure(say) {
    const runs = await openSizedRuns();
    const { world } = runs;
    try {
      const [small, large] = [packedReport(10), packedReport(10_000)];
      const plan = { small: await runs.applyPlan('10 cases'), large: await runs.applyPlan('10,000 cases') };
      await runs.play(plan.small, small);
      await runs.play(plan.large, large);
      say('the functions are loaded, the catalogs known');
      const known = await runs.play(plan.small, small);
      await world.clock.runFor(keyMs);
      const uncached = await runs.play(plan.small, small);
      // Of a run eleven seconds pass; the key holds thirty.
      const keyed = await runs.play(plan.small, small, { 'idempotency-key': 'build-7' });
      const big = await runs.play(plan.large, large);
      const read = async (runId: number): Promise<Metered> => {
        world.meter.take();
        await world.call('GET', `/v1/runs/${runId}`);
        return world.meter.take();
      };
      const readFirst = await read(known.runId);
      await read(big.runId);
      const [readSmall, readBig] = [await read(known.runId), await read(big.runId)];
      say(listed('trigger', known.trigger));
      say(listed('callback', known.callback));
      say(listed('completion', known.completion));
      // A call more than these is a regression, and no floor explains it.
      const isKnown = known.trigger.calls.length <= 7 && known.completion.calls.length <= 8;
      return {
        ...(isKnown ? { floor } : {}),
        figures: [
          calls('trigger, 10 cases', known.trigger, 6),
          calls('trigger, 10,000 cases', big.trigger, 6),
          calls('trigger, with an idempotency key', keyed.trigger, 7),
          calls('trigger, API key not cached', uncached.trigger, 7),
          calls('status read, 10 cases', readSmall, 1),
          calls('status read, 10,000 cases', readBig, 1),
          calls('status read, the first of a run', readFirst),
          calls('completion, 10 cases', known.completion, 6),
          calls('completion, 10,000 cases', big.completion, 6),
          calls('callback that ends the attempt, 10 cases', known.callback),
          calls('callback that ends the attempt, 10,000 cases', big.callback),
          { name: 'trigger, one after the other', value: rounds(known.trigger), unit: 'rounds' },
          { name: 'completion, one after the other', value: rounds(known.completion), unit: 'rounds' },
        ],
        anchors: [
          { name: 'floor: trigger', value: 3, unit: 'calls', source: 'counted' },
          { name: 'floor: status read', value: 1, unit: 'calls', source: 'counted' },
          { name: 'floor: completion', value: 3, unit: 'calls', source: 'counted' },
        ],
      };
    } finally {
      await world.close();
    }
  },
};

const floor =
  'A trigger is plan and lock in one read, ids, the run beside its block of result ids, the lock, the admission and the start: ' +
  'the order new, lock, admitted is what lets any of them fail (reliability.md 3.4), and the block makes a result id be found at once. ' +
  'A completion is the run, its batches, the lock that knows how the plan stood, the result, the completing write, the lock, the ' +
  'event and the outbox; the last three are effects that come after the commit, and each of them is repeated by the sweeper until it is ' +
  'known to be done. The block could only be put with the run by a write without a condition. Raw calls of the same store make 3 and 3 (performance.md P5), without ids of results, overlap rules, turns of the plan and an outbox.';

function calls(name: string, { calls: made }: Metered, target?: number): Figure {
  return { name, value: made.length, unit: 'calls', ...(target === undefined ? {} : { target }) };
}

/** Calls that go out together count once. */
function rounds({ calls: made }: Metered): number {
  return made.filter(({ alone }) => alone).length;
}

function listed(name: string, { calls: made }: Metered): string {
  return `${name}: ${made.map(({ what }) => what).join(', ')}`;
}
