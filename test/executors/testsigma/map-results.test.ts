import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapResults, problemOf, type RunState, stateOf } from '../../../lib/executors/testsigma/map-results.ts';
import { readCaseResults, readRun, type TenantCase, type TenantRun } from '../../../lib/executors/testsigma/wire.ts';
import contractCases from '../../http/testsigma/fixtures/contract-case-results.json' with { type: 'json' };
import contractStatus from '../../http/testsigma/fixtures/contract-status.json' with { type: 'json' };
import seedCases from '../../http/testsigma/fixtures/seed-case-results.json' with { type: 'json' };
import seedStatus from '../../http/testsigma/fixtures/seed-status.json' with { type: 'json' };
import seedStop from '../../http/testsigma/fixtures/seed-stop.json' with { type: 'json' };

const everywhere = { machines: [], selection: null };
const ended = (result: string): RunState => ({ ended: true, result });
const underWay: RunState = { ended: false, result: 'QUEUED' };
const aRun = (change: Record<string, unknown>): TenantRun => readRun({ id: 1204, ...change });
const aRow = (result: string | null, change: Record<string, unknown> = {}): TenantCase => ({
  testCaseName: 'pays',
  testCaseResultId: '9',
  result,
  iterationResults: [],
  testSuiteName: 'Payment',
  machineTitle: 'chrome',
  message: null,
  duration: 40,
  ...change,
});
const sets = (...results: (string | null)[]) =>
  results.map((result, i) => ({ iterationResultId: String(i + 1), setName: `set ${i + 1}`, result }));

describe('where the tenant’s run stands', () => {
  it.each([
    ['STATUS_CREATED', 'QUEUED', null, false, 'QUEUED'],
    ['STATUS_QUEUED', 'QUEUED', null, false, 'QUEUED'],
    ['STATUS_PRE_FLIGHT', null, null, false, ''],
    ['STATUS_IN_PROGRESS', 'QUEUED', null, false, 'QUEUED'],
    ['IN_PROGRESS', null, null, false, ''],
    ['STATUS_IN_PROGRESS', 'FAILURE', null, false, 'FAILURE'],
    ['STATUS_COMPLETED', 'SUCCESS', 5, true, 'SUCCESS'],
    ['STATUS_COMPLETED', 'SUCCESS', null, true, 'SUCCESS'],
    ['COMPLETED', 'PASSED', 5, true, 'SUCCESS'],
    ['status_completed', 'Failed', 5, true, 'FAILURE'],
    ['STATUS_COMPLETED', null, 5, true, ''],
    ['STATUS_COMPLETED', 'ABORTED', 5, true, 'ABORTED'],
    ['STATUS_FAILED', 'ABORTED', 5, true, 'ABORTED'],
    ['STATUS_FAILED', 'ABORTED', null, false, 'ABORTED'],
    ['STATUS_SOMETHING', 'QUEUED', 5, false, 'QUEUED'],
    [null, 'STOPPED', 5, true, 'STOPPED'],
  ])('%s with %s and end %s: ended %s as %s', (status, result, endTime, isEnded, word) => {
    expect(stateOf(aRun({ status, result, endTime }))).toEqual({ ended: isEnded, result: word });
  });

  it('is unknown without status and result', () => {
    expect(stateOf(aRun({ status: null, result: null, endTime: 5 }))).toBeUndefined();
  });

  it.each([
    ['the contract’s', contractStatus],
    ['the seed’s', seedStatus],
  ])('is a failure in %s sample', (_, sample) => {
    expect(stateOf(readRun(sample))).toEqual({ ended: true, result: 'FAILURE' });
  });

  it('is stopped in the seed’s sample of a stop, counts that do not add up included', () => {
    expect(stateOf(readRun(seedStop))).toEqual({ ended: true, result: 'STOPPED' });
  });
});

describe('the result of a case', () => {
  it.each([
    ['SUCCESS', 'passed'],
    ['PASSED', 'passed'],
    ['FAILURE', 'failed'],
    ['FAILED', 'failed'],
    ['ABORTED', 'errored'],
    ['PRE_REQUISITE_FAILURE', 'blocked'],
    ['SKIPPED', 'skipped'],
  ])('%s is %s, under way and at the end', (word, result) => {
    for (const state of [underWay, ended('FAILURE'), ended('SUCCESS')]) {
      expect(mapResults([aRow(word)], state, everywhere)).toMatchObject({ cases: [{ result }], open: 0, total: 1 });
    }
  });

  it.each(['QUEUED', 'RUNNING', 'PAUSED', 'STOPPED', '', null])('%s is none, even at the end', (word) => {
    for (const state of [underWay, ended('FAILURE')]) {
      expect(mapResults([aRow(word)], state, everywhere)).toEqual({ cases: [], open: 1, total: 1 });
    }
  });

  it.each([
    ['SUCCESS', 'skipped'],
    ['FAILURE', 'blocked'],
    ['ABORTED', 'blocked'],
    ['', 'blocked'],
  ])('NOT_EXECUTED in a run that ended as %s is %s', (word, result) => {
    const { cases } = mapResults(
      [aRow('SUCCESS'), aRow('NOT_EXECUTED', { testCaseName: 'b' })],
      ended(word),
      everywhere,
    );
    expect(cases[1]).toMatchObject({ name: 'b', result });
  });

  it('NOT_EXECUTED is skipped where nothing ran, blocked where something did, and open while the run goes on', () => {
    const rows = [aRow('NOT_EXECUTED', { testCaseName: 'a' }), aRow('NOT_EXECUTED', { testCaseName: 'b' })];
    expect(mapResults(rows, ended('NOT_EXECUTED'), everywhere).cases.map(({ result }) => result)).toEqual([
      'skipped',
      'skipped',
    ]);
    const mixed = mapResults([...rows, aRow('SUCCESS')], ended('NOT_EXECUTED'), everywhere);
    expect(mixed.cases.map(({ result }) => result)).toEqual(['blocked', 'blocked', 'passed']);
    expect(mapResults(rows, underWay, everywhere)).toMatchObject({ cases: [], open: 2 });
  });

  it('an odd word is waited for while the run goes on, and an error at its end that shows no more than a word', () => {
    expect(mapResults([aRow('PONDERING')], underWay, everywhere)).toMatchObject({ cases: [], open: 1 });
    const [odd] = mapResults([aRow('PONDERING')], ended('SUCCESS'), everywhere).cases;
    expect(odd).toMatchObject({ result: 'errored', message: 'The tenant’s result is PONDERING.' });
    const [garbage] = mapResults([aRow('<b>x</b>')], ended('SUCCESS'), everywhere).cases;
    expect(garbage).toMatchObject({ result: 'errored', message: 'The tenant’s result is none that is known.' });
  });

  it('has the suite, the duration and the text of its row, and no class', () => {
    const { cases } = mapResults(
      [aRow('FAILURE', { message: 'expected 1', duration: 40.4 })],
      ended('FAILURE'),
      everywhere,
    );
    expect(cases).toEqual([
      { suite: 'Payment', className: '', name: 'pays', result: 'failed', durationMs: 40, message: 'expected 1' },
    ]);
    const [bare] = mapResults([aRow('SUCCESS', { testSuiteName: null, duration: null })], underWay, everywhere).cases;
    expect(bare).toEqual({ suite: '', className: '', name: 'pays', result: 'passed', durationMs: 0 });
  });
});

describe('the class of a case', () => {
  const pick = (className: string) => ({ suite: 'Payment', className, name: 'pays' });

  it.each([
    ['that was picked by it', [pick('shop.Bank')], 'shop.Bank'],
    ['that was picked without', [pick('')], ''],
    ['that was picked by two', [pick('shop.Bank'), pick('shop.Till')], ''],
    ['that was picked by three', [pick('a'), pick('b'), pick('a')], ''],
    ['of another name', [{ ...pick('shop.Bank'), name: 'ships' }], ''],
  ])('%s', (_, selection, className) => {
    const { cases } = mapResults([aRow('SUCCESS')], underWay, { machines: [], selection });
    expect(cases).toMatchObject([{ className }]);
  });
});

describe('iterations', () => {
  it('of the seed’s sample are reported one by one', () => {
    const { testCases } = readCaseResults(seedCases);
    const { cases } = mapResults(testCases ?? [], ended('FAILURE'), everywhere);
    expect(cases.map(({ name, iteration, result }) => `${name} [${iteration}] ${result}`)).toEqual([
      '03 data driven small [examples] passed',
      '03 data driven small [travels] failed',
      '03 data driven small [examples 1] failed',
    ]);
  });

  it('of the contract’s sample share the case’s duration; the first that failed has its text', () => {
    const { testCases } = readCaseResults(contractCases);
    const { cases, total } = mapResults(testCases ?? [], ended('FAILURE'), everywhere);
    expect(total).toBe(2);
    expect(cases.slice(1)).toMatchObject([
      { iteration: 'small basket', result: 'passed', durationMs: 20056 },
      { iteration: 'large basket', result: 'failed', durationMs: 20056, message: 'expected total 90.00, got 100.00' },
    ]);
    expect(cases[1]).not.toHaveProperty('message');
  });

  it('that passed do not hide a failure of their case', () => {
    const row = aRow('FAILURE', { iterationResults: sets('SUCCESS', 'SUCCESS'), message: 'before them' });
    const { cases } = mapResults([row], ended('FAILURE'), everywhere);
    expect(cases.map(({ iteration, result }) => [iteration, result])).toEqual([
      ['set 1', 'passed'],
      ['set 2', 'passed'],
      [undefined, 'failed'],
    ]);
    expect(cases[2]).toMatchObject({ message: 'before them' });
  });

  it('without a result keep a case open that is said to have passed', () => {
    const row = aRow('SUCCESS', { iterationResults: sets('SUCCESS', null) });
    expect(mapResults([row], ended('SUCCESS'), everywhere)).toEqual({ cases: [], open: 1, total: 1 });
  });

  it('of one name are one with the worse result; one without a name is told by its place', () => {
    const twice = [...sets('FAILURE'), ...sets('SUCCESS')];
    const nameless = { iterationResultId: '7', setName: null, result: 'FAILURE' };
    const row = aRow('FAILURE', { iterationResults: [...twice, nameless] });
    const { cases } = mapResults([row], ended('FAILURE'), everywhere);
    expect(cases.map(({ iteration, result }) => [iteration, result])).toEqual([
      ['set 1', 'failed'],
      ['iteration 3', 'failed'],
    ]);
  });
});

describe('rows that are one case here', () => {
  const both = [aRow('FAILURE', { machineTitle: 'firefox', duration: 1 }), aRow('SUCCESS', { duration: 2 })];

  it.each([
    ['no machine', { machines: [], selection: null }],
    ['one machine', { machines: [{ title: 'chrome', environment: null }], selection: null }],
  ])('on a plan with %s become one with the worse result, in either order', (_, dispatch) => {
    for (const rows of [both, [...both].reverse()]) {
      const { cases, total } = mapResults(rows, ended('FAILURE'), dispatch);
      expect(total).toBe(1);
      expect(cases).toEqual([{ suite: 'Payment', className: '', name: 'pays', result: 'failed', durationMs: 3 }]);
    }
  });

  it('are two on a plan with two machines', () => {
    const machines = ['chrome', 'firefox'].map((title) => ({ title, environment: null }));
    const { cases } = mapResults(both, ended('FAILURE'), { machines, selection: null });
    expect(cases.map(({ machine, result }) => [machine, result])).toEqual([
      ['firefox', 'failed'],
      ['chrome', 'passed'],
    ]);
  });

  it('are two where the attempt needs one machine of several', () => {
    const selection = [{ suite: 'Payment', className: '', name: 'pays', machine: 'firefox' }];
    const { total } = mapResults(both, ended('FAILURE'), {
      machines: [{ title: 'firefox', environment: null }],
      selection,
    });
    expect(total).toBe(2);
  });

  it('have no result while one of them has none', () => {
    expect(mapResults([aRow('SUCCESS'), aRow('QUEUED')], ended('SUCCESS'), everywhere)).toMatchObject({
      cases: [],
      open: 1,
    });
  });
});

describe('the end of a run', () => {
  const endOf = (word: string, rows: readonly TenantCase[]) =>
    problemOf('7', ended(word), mapResults(rows, ended(word), everywhere));

  it.each([
    ['SUCCESS', ['SUCCESS'], undefined],
    ['SUCCESS', [], undefined],
    ['FAILURE', ['SUCCESS', 'FAILURE'], undefined],
    ['ABORTED', ['ABORTED'], undefined],
    ['NOT_EXECUTED', [], undefined],
    ['NOT_EXECUTED', ['NOT_EXECUTED'], undefined],
    ['FAILURE', ['SUCCESS'], 'executorProtocol'],
    ['FAILURE', [], 'executorProtocol'],
    ['NOT_EXECUTED', ['SUCCESS'], 'executorProtocol'],
    ['', ['SUCCESS'], 'executorProtocol'],
    ['QUEUED', ['SUCCESS'], 'executorProtocol'],
    ['ABORTED', ['SUCCESS'], 'executorLost'],
    ['ABORTED', [], 'executorLost'],
    ['STOPPED', ['SUCCESS', 'STOPPED'], 'executorLost'],
    ['STOPPED', ['SUCCESS'], 'executorLost'],
  ])('as %s with cases %j has the problem %s', (word, results, reason) => {
    const rows = results.map((result, i) => aRow(result, { testCaseName: `case ${i}` }));
    expect(endOf(word, rows)?.reason).toBe(reason);
  });

  it('never leaves a run that did not succeed looking green', () => {
    const word = fc.constantFrom('SUCCESS', 'FAILURE', 'ABORTED', 'NOT_EXECUTED', 'STOPPED', 'QUEUED', 'ODD', '');
    const row = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      result: word,
      sets: fc.array(fc.constantFrom('SUCCESS', 'FAILURE', 'QUEUED'), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(word, fc.array(row, { maxLength: 6 }), (result, rows) => {
        const given = rows.map((one) =>
          aRow(one.result, { testCaseName: one.name, iterationResults: sets(...one.sets) }),
        );
        const mapped = mapResults(given, ended(result), everywhere);
        const bad = mapped.cases.some((one) => ['failed', 'errored', 'blocked'].includes(one.result));
        const isGreen =
          problemOf('7', ended(result), mapped) === undefined &&
          !bad &&
          mapped.open === 0 &&
          mapped.cases.some((one) => one.result === 'passed');
        if (result !== 'SUCCESS') expect(isGreen).toBe(false);
        const failing = rows.some((one) => one.result === 'FAILURE' || one.sets.includes('FAILURE'));
        if (failing) expect(isGreen).toBe(false);
      }),
    );
  });
});
