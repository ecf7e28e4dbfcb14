import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createStores, type Stores } from '../../lib/adapters/dynamodb/client.ts';
import { type EmbeddedTable, openEmbeddedTable } from '../../lib/adapters/embedded-table.ts';
import { failingCases, foldHistory } from '../../lib/core/history.ts';
import { packResults } from '../../lib/core/result-chunks.ts';
import { type CaseResult, noCounts } from '../../lib/core/results.ts';
import { readCompletedRuns, readHistory } from '../../lib/workflow/read-history.ts';
import { costOf } from '../../lib/workflow/read-outcomes.ts';
import { aCompletion, aRun } from '../support/runs.ts';

let table: EmbeddedTable;
let stores: Stores;
/** What was asked of DynamoDB, by command. */
let asked: Record<string, number> = {};
beforeAll(async () => {
  table = await openEmbeddedTable();
  stores = countingStores();
});
afterAll(() => table.close());
beforeEach(() => {
  asked = {};
});

function countingStores(): Stores {
  const send = (command: object) => {
    const name = command.constructor.name;
    asked[name] = (asked[name] ?? 0) + 1;
    return table.client.send(command as Parameters<DynamoDBClient['send']>[0]);
  };
  return createStores({ send } as unknown as DynamoDBClient, table.tableName);
}

let lastId = 0;

/** A run of the plan that ended with these results of its cases, which have the positions 1, 2 and so on. */
async function addRun(planId: number, ...results: CaseResult[]): Promise<void> {
  lastId += 1;
  const run = aRun(lastId, { planId });
  await stores.runs.createRun(run, null);
  const admitted = await stores.runs.admit(run, { deadlineAt: 1, nextActionAt: 1 });
  if (admitted === undefined || results.length === 0) return;
  const cases = results.map((result, i) => ({
    ...{ position: i + 1, result, durationMs: 5, attempt: 1, flaky: false, iterations: [] },
  }));
  const chunks = packResults({ cases, batchIds: [] });
  await stores.runs.putResultChunks(run.id, '1#abc', chunks);
  const counts = { ...noCounts, total: results.length };
  const done = aCompletion({ resultChunks: chunks.length, counts });
  if ((await stores.runs.complete(admitted, done)) === undefined) throw new Error('not completed');
}

async function addCatalog(planId: number): Promise<void> {
  const aCase = (name: string) => ({ kind: 'case', parent: 0, name, className: '' }) as const;
  await stores.plans.appendCatalog(planId, 0, [{ kind: 'suite', name: 'Cart' }, aCase('adds'), aCase('removes')]);
}

test('costs the same reads however many runs a plan ever had', async () => {
  await addCatalog(1);
  const costs: Record<string, number>[] = [];
  for (const more of [45, 80]) {
    for (let i = 0; i < more; i += 5) {
      await Promise.all(Array.from({ length: 5 }, () => addRun(1, 'failed', 'passed')));
    }
    asked = {};
    const { runs, complete, outcomes } = await readHistory(countingStores(), 1, { most: 30 });
    expect([runs.length, complete, outcomes.length]).toEqual([30, false, 30]);
    expect(failingCases(foldHistory(outcomes)).map(({ failingRuns }) => failingRuns)).toEqual([30]);
    costs.push({ ...asked });
  }
  // The runs by the plan's index, their items at once, the catalog, and the results of each run.
  expect(costs).toEqual([
    { QueryCommand: 32, BatchGetItemCommand: 1 },
    { QueryCommand: 32, BatchGetItemCommand: 1 },
  ]);
});

test('reads the results of a run once, as long as they stay in memory', async () => {
  await addCatalog(2);
  for (let i = 0; i < 4; i++) await addRun(2, 'passed', 'passed');
  const fresh = countingStores();
  const first = await readHistory(fresh, 2, { most: 10 });
  asked = {};
  expect(await readHistory(fresh, 2, { most: 10 })).toEqual(first);
  expect(asked).toEqual({ QueryCommand: 2, BatchGetItemCommand: 1 });
});

test('looks past runs that wait or go on, but not for ever', async () => {
  await addRun(3, 'passed');
  for (let i = 0; i < 60; i += 10) await Promise.all(Array.from({ length: 10 }, () => addRun(3)));
  expect(await readCompletedRuns(stores, 3, 5)).toMatchObject({ runs: [{ status: 'completed' }], complete: true });
  asked = {};
  // A caller who may see none of them is as far from the first as one who waits for all of them.
  const hidden = {
    ...stores,
    runs: {
      ...stores.runs,
      listByPlan: async (_: number, before: number, limit: number) =>
        Array.from({ length: limit }, (__, i) => before - 1 - i),
    },
  };
  expect(await readCompletedRuns(hidden, 3, 5)).toEqual({ runs: [], complete: false });
  expect(asked.BatchGetItemCommand).toBe(4);
});

test('covers with cases as many of the newest runs as the budget allows, the first always', async () => {
  await addCatalog(4);
  for (let i = 0; i < 5; i++) await addRun(4, 'passed', 'failed');
  const { runs } = await readHistory(stores, 4, { most: 5 });
  const cost = costOf(runs[0] ?? aRun(1));
  expect(cost).toBeGreaterThan(0);
  for (const [budget, covered] of [
    [0, 1],
    [2 * cost, 2],
    [5 * cost - 1, 4],
    [5 * cost, 5],
  ] as const) {
    const { outcomes } = await readHistory(stores, 4, { most: 5, budget });
    expect(outcomes.map(({ runId }) => runId)).toEqual(runs.slice(0, covered).map(({ id }) => id));
  }
});
