import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStoresOn, type Stores } from '../../lib/adapters/dynamodb/client.ts';
import type { Table } from '../../lib/adapters/dynamodb/table.ts';
import { nameOf } from '../../lib/core/catalog.ts';
import type { Plan } from '../../lib/core/plan.ts';
import type { Services } from '../../lib/core/ports.ts';
import type { ReportedCase } from '../../lib/core/results.ts';
import { toPicked } from '../../lib/workflow/dispatch-attempt.ts';
import { readLiveRun } from '../../lib/workflow/read-run.ts';
import { recordResults } from '../../lib/workflow/record-results.ts';
import { aDocument, aRun } from '../support/runs.ts';
import { openTestTable } from '../support/table.ts';

const servicesOn = (stores: Stores): Services => ({ ...stores, now: () => 2000, log: () => {} }) as unknown as Services;

/** The table, and how often catalogs were asked for through it. */
function counting(table: Table): { readonly table: Table; readonly queries: () => number } {
  let count = 0;
  const query: Table['query'] = (input) => {
    if (input.values.to === 'CAT#~') count += 1;
    return table.query(input);
  };
  return { table: { ...table, query }, queries: () => count };
}

async function startRun(stores: Stores, plan: Plan, id: number) {
  const run = aRun(id, { planId: plan.id, resultIds: [[0, 1000 * id, 500]] });
  await stores.runs.createRun(run, null);
  await stores.runs.admit(run, { deadlineAt: 100_000, nextActionAt: 5000 });
}

/** What the run looks like in a process with these stores: by names, and everything that is decided by. */
async function look(stores: Stores, runId: number) {
  const run = await stores.runs.getRun(runId);
  if (run === undefined) throw new Error(`no run ${runId}`);
  const { report, catalog } = await readLiveRun(servicesOn(stores), run);
  return { report, names: report.cases.map(({ position }) => nameOf(catalog, position)) };
}

const suite = fc.constantFrom('Cart', 'Search');
const className = fc.constantFrom('', 'shop.A', 'shop.B');
const name = fc.constantFrom('adds', 'removes', 'finds', 'sorts');
const machines = fc.constantFrom([], [{ title: 'linux' }, { title: 'windows' }]);
const iteration = fc.constantFrom(undefined, 'one', 'two');
const declared = fc.uniqueArray(
  fc.record({ name, className, iterations: fc.constantFrom([], ['one'], ['one', 'two']) }, { noNullPrototype: true }),
  { maxLength: 3, selector: (one) => one.name },
);
const reported = fc.record(
  { suite, className, name, iteration, machine: fc.constantFrom(undefined, 'linux', 'windows') },
  { noNullPrototype: true },
);
const batches = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.array(reported, { maxLength: 4 })), { maxLength: 6 });

test('a process that kept the catalog sees a run as one that reads it anew, whoever learnt names meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(declared, machines, batches, async (cases, titles, sent) => {
      const { stores, otherStores, table, close } = await openTestTable();
      const kept = createStoresOn(counting(table).table);
      const suites = cases.length === 0 ? [] : [{ name: 'Cart', cases }];
      const plan = await stores.plans.createPlan(aDocument({ suites, machines: titles }), 1, 0);
      for (const id of [1, 2]) await startRun(stores, plan, id);
      for (const [i, [runId, some]] of sent.entries()) {
        // Each batch is taken by a process of its own.
        const taken = some.map((one): ReportedCase => ({ ...definedOf(one), result: 'passed', durationMs: 1 }));
        const batch = { runId, attempt: 1, batchId: `b${i}`, cases: taken, wake: false };
        await recordResults(servicesOn(otherStores()), batch);
        for (const id of [1, 2]) expect(await look(kept, id)).toEqual(await look(otherStores(), id));
      }
      await close();
    }),
    { numRuns: 60 },
  );
});

test('what is kept is asked for no more once it has every name and position, and again when a batch knows more', async () => {
  const { stores, otherStores, table, close } = await openTestTable();
  const { table: counted, queries } = counting(table);
  const kept = createStoresOn(counted);
  const suites = [{ name: 'Cart', cases: [{ name: 'adds' }] }];
  const plan = await stores.plans.createPlan(aDocument({ suites }), 1, 0);
  for (const id of [1, 2]) await startRun(stores, plan, id);
  const send = (batchId: string, caseName: string) => {
    const cases = [{ suite: 'Cart', className: '', name: caseName, result: 'passed', durationMs: 1 } as const];
    return recordResults(servicesOn(otherStores()), { runId: 1, attempt: 1, batchId, cases, wake: false });
  };
  await send('a', 'adds');
  await look(kept, 1);
  const before = queries();
  await send('b', 'adds');
  for (const id of [1, 2, 1]) await look(kept, id);
  expect(queries()).toBe(before);
  await send('c', 'removes');
  expect((await look(kept, 1)).names.map((one) => one.name)).toEqual(['adds', 'removes']);
  expect(queries()).toBe(before + 1);
  await look(kept, 2);
  expect(queries()).toBe(before + 1);
  await close();
});

test('the first stage of a run asks for all iterations of a case, whoever learnt that it has some', async () => {
  const { stores, otherStores, close } = await openTestTable();
  const suites = [{ name: 'Cart', cases: [{ name: 'adds' }, { name: 'pays', prerequisites: ['adds'] }] }];
  const plan = await stores.plans.createPlan(aDocument({ suites }), 1, 0);
  for (const id of [1, 2]) await startRun(stores, plan, id);
  const before = await stores.runs.getRun(1);
  if (before !== undefined) await readLiveRun(servicesOn(stores), before, true);
  const cases = ['one', 'two'].map((iteration) => {
    return { suite: 'Cart', className: '', name: 'adds', iteration, result: 'passed', durationMs: 1 } as const;
  });
  await recordResults(servicesOn(otherStores()), { runId: 1, attempt: 1, cases, wake: false });
  const run = await stores.runs.getRun(2);
  if (run === undefined) throw new Error('no run 2');
  const { items, catalog } = await readLiveRun(servicesOn(stores), run);
  const first = toPicked(catalog, items.requests[0]?.requested ?? []);
  expect(first).toMatchObject([{ name: 'adds', iterations: [] }]);
  await close();
});

function definedOf<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
