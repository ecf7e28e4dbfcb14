import { BatchWriteItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { toCursor } from '../../../lib/http/native/paging.ts';
import type { Metered } from '../measure/meter.ts';
import { openSizedRuns, packedReport, type SizedRuns, type Steps } from '../measure/sized-runs.ts';
import type { Figure, Row } from '../row.ts';

const sizes = [10, 100, 1000, 10_000, 100_000] as const;
/** Runs of one plan whose list is read. A hundred thousand would take more than two minutes to put. */
const ages = [10, 1000, 10_000] as const;
const pageSize = 50;
/** A key is read again after half a minute. */
const keyMs = 31_000;

/** The deployed functions: their calls, what they write and their CPU, by cases of a run and by runs of a plan. */
export const row: Row = {
  id: 'P10',
  what: 'growth with the cases of a run, and with the runs of a plan',
  target: 'calls constant up to the chunk size, bytes linear, a page of runs the same at any age',
  async measure(say) {
    const runs = await openSizedRuns();
    try {
      const bySize = new Map<number, Steps>();
      for (const size of sizes) {
        const [planId, report] = [await runs.applyPlan(`${size} cases`), packedReport(size)];
        await runs.play(planId, report);
        // Each reads its API key again, or some would and others not.
        await runs.world.clock.runFor(keyMs);
        bySize.set(size, await runs.play(planId, report));
        say(`${size} cases`);
      }
      const of = (size: (typeof sizes)[number]): Steps => bySize.get(size) as Steps;
      const perCase = (size: (typeof sizes)[number], sum: (metered: Metered) => number) => total(of(size), sum) / size;
      const calls = sizes.map((size): Figure => {
        // Up to what fits one chunk a run of any size makes the calls of the smallest.
        const limit = size <= 10_000 ? { target: total(of(10), callsOf) } : {};
        return {
          name: `calls of a run of ${inThousands(size)} cases`,
          value: total(of(size), callsOf),
          unit: 'calls',
          ...limit,
        };
      });
      const cpu = sizes.map((size) => ({
        name: `CPU of a run of ${inThousands(size)} cases`,
        value: total(of(size), cpuOf),
        unit: 'ms',
      }));
      return {
        figures: [
          ...calls,
          { name: 'bytes written a case, 10,000 cases', value: perCase(10_000, bytesOf), unit: 'bytes' },
          {
            name: 'the same of 100,000 cases',
            value: perCase(100_000, bytesOf) / perCase(10_000, bytesOf),
            unit: 'x',
            target: 1.1,
          },
          ...cpu,
          {
            name: 'CPU a case, 100,000 against 10,000 cases',
            value: perCase(100_000, cpuOf) / perCase(10_000, cpuOf),
            unit: 'x',
            target: 1.25,
          },
          ...(await pagesOf(runs, of(10).runId, say)),
        ],
        anchors: [],
      };
    } finally {
      await runs.world.close();
    }
  },
};

function total({ trigger, callback, completion }: Steps, sum: (metered: Metered) => number): number {
  return sum(trigger) + sum(callback) + sum(completion);
}
const callsOf = ({ calls }: Metered) => calls.length;
const bytesOf = ({ calls }: Metered) => calls.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
const unitsOf = ({ calls }: Metered) => calls.reduce((sum, { readUnits }) => sum + readUnits, 0);
const cpuOf = ({ invocations }: Metered) => invocations.reduce((sum, { cpuMs }) => sum + cpuMs, 0);

/** The newest and the oldest page of a plan with that many runs, each copied from one that was really run. */
async function pagesOf({ world, applyPlan }: SizedRuns, runId: number, say: (text: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  const read = async (path: string): Promise<Metered> => {
    await world.clock.runFor(keyMs);
    await world.call('GET', path);
    world.meter.take();
    const { body } = await world.call<{ runs: { id: number }[] }>('GET', path);
    if (body.runs.length === 0) throw new Error(`${path} is empty`);
    return world.meter.take();
  };
  let full: number | undefined;
  let nextId = 1_000_000;
  for (const age of ages) {
    const planId = await applyPlan(`${age} runs`);
    const startedAt = performance.now();
    await copyRun(world.proctor.table.client, world.proctor.table.tableName, {
      runId,
      planId,
      from: nextId,
      count: age,
    });
    say(`${age} runs, put in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    const newest = await read(`/v1/runs?plan=${planId}&limit=${pageSize}`);
    const cursor = toCursor('run', nextId + Math.min(pageSize, age));
    const oldest = await read(`/v1/runs?plan=${planId}&limit=${pageSize}&cursor=${cursor}`);
    nextId += age;
    // The first list is shorter than a page: what a full one costs is known from the second on.
    if (age > pageSize) full ??= unitsOf(newest) + 1;
    for (const [name, page] of [['newest', newest] as const, ['oldest', oldest] as const])
      figures.push(
        { name: `${name} page of ${inThousands(age)} runs`, value: callsOf(page), unit: 'calls', target: 2 },
        {
          name: '… its read units',
          value: unitsOf(page),
          unit: 'units',
          ...(full === undefined ? {} : { target: full }),
        },
        { name: '… its CPU', value: cpuOf(page), unit: 'ms' },
      );
  }
  return figures;
}

/** Puts runs of the plan with ids from the given one on, that are what the run is but for their ids. */
async function copyRun(
  client: DynamoDBClient,
  tableName: string,
  { runId, planId, from, count }: { runId: number; planId: number; from: number; count: number },
): Promise<void> {
  const key = { pk: { S: `RUN#${runId}` }, sk: { S: 'META' } };
  const { Item: item } = await client.send(new GetItemCommand({ TableName: tableName, Key: key }));
  if (item === undefined) throw new Error(`there is no run ${runId}`);
  const copy = (id: number) => ({
    ...item,
    pk: { S: `RUN#${id}` },
    id: { N: String(id) },
    planId: { N: String(planId) },
    list: { S: `PLAN#${planId}` },
  });
  for (let at = 0; at < count; at += 25) {
    const ids = Array.from({ length: Math.min(25, count - at) }, (_, i) => from + at + i);
    const puts = ids.map((id) => ({ PutRequest: { Item: copy(id) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: puts } }));
  }
}

function inThousands(value: number): string {
  return value.toLocaleString('en-US');
}
