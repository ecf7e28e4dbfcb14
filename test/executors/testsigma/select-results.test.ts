import { describe, expect, it } from 'vitest';
import type { PickedCase } from '../../../lib/core/executor.ts';
import { maxPicks, selectResults } from '../../../lib/executors/testsigma/select-results.ts';
import type { TenantCase } from '../../../lib/executors/testsigma/wire.ts';

const row = (id: number, name: string, change: Partial<TenantCase> = {}): TenantCase => ({
  testCaseName: name,
  testCaseResultId: String(id),
  result: 'SUCCESS',
  iterationResults: [],
  testSuiteName: 'Cart',
  machineTitle: 'chrome',
  message: null,
  duration: null,
  ...change,
});
const sets = [
  { iterationResultId: '31', setName: 'small', result: 'SUCCESS' },
  { iterationResultId: '32', setName: 'large', result: 'FAILURE' },
  { iterationResultId: '33', setName: 'huge', result: 'FAILURE' },
];
const rows = [
  row(1, 'adds'),
  row(2, 'pays'),
  row(3, 'ships', { iterationResults: sets }),
  row(4, 'pays', { testSuiteName: 'Bank' }),
  row(5, 'adds', { machineTitle: 'firefox' }),
];
const one = (name: string, change: Partial<PickedCase> = {}): PickedCase => ({
  suite: 'Cart',
  className: '',
  name,
  ...change,
});
const two = [
  { title: 'chrome', environment: null },
  { title: 'firefox', environment: null },
];

describe('picked cases as results of an earlier run', () => {
  it.each([
    ['a case', [one('pays')], [], [{ id: 2 }]],
    ['a case of another suite', [one('pays', { suite: 'Bank' })], [], [{ id: 4 }]],
    ['a case on every machine of the tenant', [one('adds')], [], [{ id: 1 }, { id: 5 }]],
    ['a case on both machines of the plan', [one('adds')], two, [{ id: 1 }, { id: 5 }]],
    ['a case on one of two machines', [one('adds', { machine: 'firefox' })], two, [{ id: 5 }]],
    [
      'a case on one machine whatever it is called',
      [one('pays')],
      [{ title: 'other', environment: null }],
      [{ id: 2 }],
    ],
    ['a data-driven case', [one('ships', { iterations: [] })], [], [{ id: 3 }]],
    ['all of its iterations', [one('ships', { iterations: ['huge', 'large', 'small'] })], [], [{ id: 3 }]],
    [
      'some of its iterations',
      [one('ships', { iterations: ['large', 'huge'] })],
      [],
      [{ id: 3, iterationReRunType: 'USER_PICKED', iterationResultIds: [32, 33] }],
    ],
    ['a case by its class, which the wire has not', [one('pays', { className: 'shop.Cart' })], [], [{ id: 2 }]],
    ['a case named twice', [one('pays'), one('pays')], [], [{ id: 2 }]],
  ])('%s', (_, selection, machines, requests) => {
    expect(selectResults(selection, { machines }, rows)).toEqual(requests);
  });

  it.each([
    ['a case it has not', [one('pays'), one('unknown')], []],
    ['a suite it has not', [one('pays', { suite: 'Other' })], []],
    ['an iteration it has not', [one('ships', { iterations: ['large', 'unknown'] })], []],
    ['an iteration of a case without', [one('pays', { iterations: ['large'] })], []],
    ['a machine it has not', [one('pays', { machine: 'firefox' })], two],
  ])('%s makes it no run to pick from', (_, selection, machines) => {
    expect(selectResults(selection, { machines }, rows)).toBeUndefined();
  });

  it('results of one name are all run again, since they are one case here', () => {
    expect(selectResults([one('pays')], { machines: [] }, [...rows, row(6, 'pays')])).toEqual([{ id: 2 }, { id: 6 }]);
  });

  it('more than fit into a request are none', () => {
    const many = Array.from({ length: maxPicks + 1 }, (_, i) => row(i + 1, `case ${i}`));
    const selection = many.map(({ testCaseName }) => one(testCaseName));
    expect(selectResults(selection, { machines: [] }, many)).toBeUndefined();
    expect(selectResults(selection.slice(1), { machines: [] }, many)).toHaveLength(maxPicks);
  });
});
