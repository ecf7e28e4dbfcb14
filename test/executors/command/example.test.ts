import { existsSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emptyCatalog, indexCatalog, placeDeclared } from '../../../lib/core/catalog.ts';
import { type PlanDocument, parsePlan } from '../../../lib/core/plan.ts';
import { createCommandExecutor } from '../../../lib/executors/command/command-executor.ts';
import { dispatchOf, newDirectory, pollToEnd } from './job-harness.ts';

let dataDirectory: string;
let plan: PlanDocument;
const runId = 2_000_000_000 + (process.pid % 1_000_000);

beforeAll(() => {
  dataDirectory = newDirectory();
  plan = parsePlan(parse(readFileSync('examples/plan.yaml', 'utf8')));
});

afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));

describe('the sample plan', () => {
  it('has 12 cases, of which one is data-driven', () => {
    expect(plan).toMatchObject({ id: 3857, name: 'storefront', project: 'shop', rerun: { max: 1 } });
    const cases = plan.suites.flatMap((suite) => suite.cases);
    expect(cases).toHaveLength(12);
    expect(cases.filter(({ iterations }) => iterations.length > 0).map(({ name }) => name)).toEqual([
      'charges the tax of',
    ]);
  });

  it('fails one case at first, passes it alone in the second attempt, and reports just what it declares', async () => {
    const executor = createCommandExecutor({ dataDirectory, now: Date.now });
    const settings = { ...plan.executor, directory: resolve('examples/shop') } as never;
    const first = dispatchOf(settings, { runId });
    await executor.start(first);
    const { list, seen, end } = await pollToEnd(executor, first);
    expect(end).toEqual({});
    expect(list).toHaveLength(14);
    expect(seen.length).toBeGreaterThan(0);
    const failed = list.filter(({ result }) => result === 'failed');
    expect(failed.map(({ name }) => name)).toEqual(['pays at the bank']);

    const index = indexCatalog(emptyCatalog);
    placeDeclared(plan, index);
    const declared = index.added.length;
    for (const reported of list) index.place(reported);
    expect(index.added.slice(declared).filter(({ kind }) => kind !== 'suite' && kind !== 'class')).toEqual([]);

    const second = dispatchOf(settings, { runId, attempt: 2, selection: failed });
    expect((await executor.start(second)).executing).toEqual({ grain: 'cases', description: '1 case' });
    const rerun = await pollToEnd(executor, second);
    expect(rerun.end).toEqual({});
    expect(rerun.list.map(({ name, result }) => `${name}: ${result}`)).toEqual(['pays at the bank: passed']);
    expect(existsSync('examples/shop/junit.xml')).toBe(false);
  });
});
