import type { Metered } from '../measure/meter.ts';
import { openSizedRuns, packedReport, type Steps } from '../measure/sized-runs.ts';
import { itemBytes } from '../measure/table-units.ts';
import type { Row } from '../row.ts';

const cases = 100_000;

/**
 * What the table holds of a run: its own items, and the first time the names its plan learnt. Names of some words, durations to
 * the millisecond, and a failure with message and place of every hundredth case, each its own text.
 */
export const row: Row = {
  id: 'P6',
  what: 'stored for a run of 100,000 cases, a case',
  target: '45 bytes the first time, 12 once the catalog knows the names',
  async measure(say) {
    const runs = await openSizedRuns();
    const { meter } = runs.world;
    try {
      const report = packedReport(cases);
      const planId = await runs.applyPlan('large');
      const first = await runs.play(planId, report);
      say('first run');
      const names = meter.stored((pk, sk) => pk === `PLAN#${planId}` && sk.startsWith('CAT#'));
      const known = await runs.play(planId, report);
      say('second run');
      const bytesOf = ({ runId }: Steps, part = '') =>
        meter.stored((pk, sk) => pk === `RUN#${runId}` && sk.startsWith(part)).bytes;
      const each = (name: string, total: number, unit: string, target?: number) => ({
        name,
        value: total / cases,
        unit,
        ...(target === undefined ? {} : { target }),
      });
      return {
        figures: [
          each('the first time', names.bytes + bytesOf(first), 'bytes', 45),
          each('… its names', names.bytes, 'bytes'),
          each('once the names are known', bytesOf(known), 'bytes', 12),
          each('… as they were sent', bytesOf(known, 'BATCH#'), 'bytes'),
          each('… as the result', bytesOf(known, 'RESULT#'), 'bytes'),
          each('write units, the first time', unitsOf(first), 'units'),
          each('write units, once the names are known', unitsOf(known), 'units'),
        ],
        anchors: [
          { name: 'one item a case', value: oneItemACase(), unit: 'bytes', source: 'measured' },
          { name: 'one item a case', value: 103_030 / cases, unit: 'units', source: 'counted' },
          { name: "floor: the run's delta to a catalog of names", value: 10, unit: 'bytes', source: 'counted' },
          {
            name: "floor: the run's delta to a catalog of names",
            value: 981 / cases,
            unit: 'units',
            source: 'counted',
          },
        ],
      };
    } finally {
      await runs.world.close();
    }
  },
};

function unitsOf({ trigger, callback, completion }: Steps): number {
  const sum = ({ calls }: Metered) => calls.reduce((units, { writeUnits }) => units + writeUnits, 0);
  return sum(trigger) + sum(callback) + sum(completion);
}

/** What a table without a catalog would hold of a case like these. */
function oneItemACase(): number {
  return itemBytes({
    pk: { S: 'RUN#123456' },
    sk: { S: 'CASE#com.acme.shop.basket.Suite1Test#adds basket order 4711' },
    suite: { S: 'com.acme.shop.basket.Suite1Test' },
    className: { S: 'com.acme.shop.basket.Suite1Test' },
    name: { S: 'adds basket order 4711' },
    result: { S: 'passed' },
    durationMs: { N: '1234' },
    attempt: { N: '1' },
  });
}
