import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, aPlan, openApi } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const suites = [
  { name: 'Cart', cases: [{ name: 'adds', tags: ['smoke'] }, { name: 'removes' }] },
  { name: 'Tax', cases: [{ name: 'rounds', tags: ['smoke'], iterations: ['up', 'down'] }] },
];
const smoke = { name: 'smoke', query: [{ key: 'tags', value: ['smoke'], operation: 'IN' }] };
const createPlan = async (change: Record<string, unknown> = {}): Promise<number> =>
  (await api.call('POST', '/v1/plans', { body: aPlan({ suites, overlap: 'allow', ...change }) })).body.id;

const results = (change: Record<string, string> = {}) => [
  { suite: 'Cart', name: 'adds', result: change.adds ?? 'passed' },
  { suite: 'Cart', name: 'removes', result: change.removes ?? 'passed' },
  { suite: 'Tax', name: 'rounds', iteration: 'up', result: change.up ?? 'passed' },
  { suite: 'Tax', name: 'rounds', iteration: 'down', result: change.down ?? 'passed' },
];

/** Reports the results and ends the run. */
async function finish(runId: number, cases: object[]): Promise<void> {
  await api.step(runId);
  const { status, text } = await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases, final: true } });
  if (status !== 202) throw new Error(text);
  await api.step(runId);
}

async function failedRun(change: Record<string, string>): Promise<number> {
  const planId = await createPlan();
  const { body } = await api.call('POST', `/v1/plans/${planId}/runs`);
  await finish(body.id, results(change));
  return body.id;
}

describe('saved selections', () => {
  test('are made, read, replaced and deleted; the plan gets a version each time', async () => {
    const planId = await createPlan();
    const configs = `/v1/plans/${planId}/configs`;
    const created = await api.call('POST', configs, { body: smoke });
    expect([created.status, created.body]).toEqual([201, { id: created.body.id, ...smoke }]);
    const self = `${configs}/${created.body.id}`;
    expect(created.headers.location?.endsWith(self)).toBe(true);
    expect((await api.call('GET', configs)).body).toEqual({ configs: [created.body] });
    const read = await api.call('GET', self);
    expect([read.status, read.body, read.headers.etag]).toEqual([200, created.body, '"2"']);
    expect((await api.call('GET', self, { headers: { 'if-none-match': '"2"' } })).status).toBe(304);
    const other = { name: 'not smoke', query: [{ key: 'tags', value: ['smoke'], operation: 'NOT_IN' }] };
    const stale = await api.call('PUT', self, { body: other, headers: { 'if-match': '"1"' } });
    expect([stale.status, stale.body.code]).toEqual([409, 'VERSION_CONFLICT']);
    const replaced = await api.call('PUT', self, { body: other, headers: { 'if-match': '"2"' } });
    expect([replaced.status, replaced.body]).toEqual([200, { id: created.body.id, ...other }]);
    expect((await api.call('DELETE', self)).status).toBe(204);
    expect((await api.call('GET', self)).status).toBe(404);
    expect((await api.call('DELETE', self)).status).toBe(404);
    expect((await api.call('GET', `/v1/plans/${planId}`)).body.version).toBe(4);
  });

  test('stay when the plan is applied without any, and go when it names others', async () => {
    const plan = aPlan({ suites });
    const { body } = await api.call('POST', '/v1/plans', { body: plan });
    const configs = `/v1/plans/${body.id}/configs`;
    const made = (await api.call('POST', configs, { body: smoke })).body;
    const again = await api.call('POST', '/v1/plans', { body: { ...plan, description: 'changed' } });
    expect(again.body.configs).toEqual([made]);
    expect((await api.call('POST', '/v1/plans', { body: { ...plan, configs: [] } })).body.configs).toEqual([]);
  });

  test('that are made at once are all kept', async () => {
    const planId = await createPlan();
    const made = await Promise.all(
      ['a', 'b', 'c'].map((name) => api.call('POST', `/v1/plans/${planId}/configs`, { body: { ...smoke, name } })),
    );
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    const { body } = await api.call('GET', `/v1/plans/${planId}/configs`);
    expect(body.configs.map(({ name }: { name: string }) => name).sort()).toEqual(['a', 'b', 'c']);
    expect(new Set(made.map((answer) => answer.body.id)).size).toBe(3);
  });

  test.each([
    [{ name: 'x' }, 'query'],
    [{ name: 'x', query: [] }, 'query'],
    [{ name: 'x', query: [{ key: 'color', value: ['red'], operation: 'IN' }] }, 'query[0].key'],
    [{ name: 'x', query: [{ key: 'suiteId', value: ['Cart'], operation: 'IN' }] }, 'query[0].value[0]'],
    [{ name: 'x', query: [{ key: 'tags', value: ['a'], operation: 'LIKE' }] }, 'query[0].operation'],
    [{ ...smoke, id: 7 }, 'id'],
  ])('%j names %s', async (body, field) => {
    const planId = await createPlan();
    const refused = await api.call('POST', `/v1/plans/${planId}/configs`, { body });
    expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, field]);
  });
});

describe('a partial run', () => {
  test('runs what a saved selection picks, and shows what was requested', async () => {
    const planId = await createPlan({ configs: [smoke] });
    const { status, body } = await api.call('POST', `/v1/plans/${planId}/runs`, {
      body: { config: { name: 'smoke' } },
    });
    expect([status, body.requested, body.config.name]).toEqual([202, '2 cases', 'smoke']);
    await finish(body.id, results({ removes: 'failed' }));
    const run = (await api.call('GET', `/v1/runs/${body.id}`)).body;
    expect([run.result, run.counts.total, run.requested, run.executing]).toEqual([
      'passed',
      2,
      '2 cases',
      'everything',
    ]);
    const { text } = await api.call('GET', `/v1/runs/${body.id}/explain`);
    expect(text).toContain('to run 2 cases that the saved selection smoke picked');
  });

  test('takes the class its runner reports for cases declared without one, and so do its reruns', async () => {
    const planId = await createPlan();
    const cases = [{ suite: 'Cart', name: 'adds' }];
    const { body } = await api.call('POST', `/v1/plans/${planId}/runs`, { body: { cases } });
    const inClass = { suite: 'Cart', className: 'cart.test.ts', name: 'adds' };
    await finish(body.id, [{ ...inClass, result: 'failed' }]);
    expect((await api.call('GET', `/v1/runs/${body.id}`)).body).toMatchObject({
      result: 'failed',
      counts: { total: 1 },
    });
    const again = (await api.call('POST', `/v1/runs/${body.id}/rerun`)).body;
    await finish(again.id, [{ ...inClass, result: 'passed' }]);
    expect((await api.call('GET', `/v1/runs/${again.id}`)).body).toMatchObject({
      result: 'passed',
      counts: { total: 1 },
    });
  });

  test('runs named cases, and single iterations of them', async () => {
    const planId = await createPlan();
    const cases = [
      { suite: 'Cart', name: 'adds' },
      { suite: 'Tax', name: 'rounds', iterations: ['down'] },
    ];
    const { body } = await api.call('POST', `/v1/plans/${planId}/runs`, { body: { cases } });
    expect(body.requested).toBe('2 cases (1 iteration)');
    await finish(body.id, results({ up: 'failed' }));
    expect((await api.call('GET', `/v1/runs/${body.id}`)).body).toMatchObject({ result: 'passed' });
    const { body: shown } = await api.call('GET', `/v1/runs/${body.id}/cases`);
    expect(shown.cases).toHaveLength(2);
  });

  test.each([
    [{ config: { name: 'smoke' }, cases: [{ suite: 'Cart', name: 'adds' }] }, 'cases', 'VALIDATION_FAILED'],
    [{ config: {} }, 'config', 'VALIDATION_FAILED'],
    [{ config: { name: 'slow' } }, 'config', 'UNKNOWN_CONFIG'],
    [{ cases: [] }, 'cases', 'EMPTY_SELECTION'],
    [{ cases: [{ suite: 'Cart', name: 'multiplies' }] }, 'cases[0]', 'VALIDATION_FAILED'],
    [{ cases: [{ name: 'adds' }] }, 'cases[0].suite', 'VALIDATION_FAILED'],
  ])('%j names %s and starts nothing', async (body, field, code) => {
    const planId = await createPlan();
    const refused = await api.call('POST', `/v1/plans/${planId}/runs`, { body });
    expect([refused.status, refused.body.code, refused.body.errors?.[0]?.field]).toEqual([400, code, field]);
    expect((await api.call('GET', `/v1/runs?plan=${planId}`)).body.runs).toEqual([]);
  });
});

describe('a rerun', () => {
  test('is a new run of what did not pass, at the end of the chain; the first run never changes', async () => {
    const runId = await failedRun({ removes: 'failed', down: 'failed' });
    const before = (await api.call('GET', `/v1/runs/${runId}`)).body;
    const { status, headers, body } = await api.call('POST', `/v1/runs/${runId}/rerun`);
    expect(status).toBe(202);
    expect(headers.location).toContain(`/v1/runs/${body.id}`);
    expect(body).toMatchObject({ rerunOf: runId, rerunType: 'failed', chain: [runId], requested: '2 cases' });
    await finish(body.id, results());
    expect((await api.call('GET', `/v1/runs/${body.id}`)).body).toMatchObject({
      result: 'passed',
      counts: { total: 2 },
    });
    expect((await api.call('GET', `/v1/runs/${runId}`)).body).toEqual(before);
    const { text } = await api.call('GET', `/v1/runs/${body.id}/explain`);
    expect(text).toContain(`It is a rerun of run ${runId}.`);
  });

  test.each([
    [{ which: 'all' }, '3 cases'],
    [{ which: 'failed' }, '1 case'],
    [{ which: 'failedIterations' }, '1 case (1 iteration)'],
    [{ which: 'picked', cases: [{ suite: 'Cart', name: 'adds' }] }, '1 case'],
    [{ which: 'picked', cases: [{ suite: 'Tax', name: 'rounds', iterations: ['up'] }] }, '1 case (1 iteration)'],
    [{ which: 'picked', cases: [{ suite: 'Tax', name: 'rounds', iterations: 'failed' }] }, '1 case (1 iteration)'],
  ])('%j requests %s', async (body, requested) => {
    const runId = await failedRun({ down: 'failed' });
    const answer = await api.call('POST', `/v1/runs/${runId}/rerun`, { body });
    expect([answer.status, answer.body.requested]).toEqual([202, requested]);
  });

  test.each([
    [{ which: 'some' }, 'which'],
    [{ which: 'picked' }, 'cases'],
    [{ which: 'failed', cases: [{ suite: 'Cart', name: 'adds' }] }, 'cases'],
    [{ which: 'picked', cases: [{ suite: 'Cart', name: 'multiplies' }] }, 'cases[0]'],
    [{ which: 'picked', cases: [{ suite: 'Tax', name: 'rounds', iterations: ['sideways'] }] }, 'cases[0]'],
    [{ which: 'picked', cases: [{ resultId: 2_000_000_000 }] }, 'cases[0]'],
    [{ with: 'love' }, 'with'],
  ])('%j names %s', async (body, field) => {
    const runId = await failedRun({ down: 'failed' });
    const refused = await api.call('POST', `/v1/runs/${runId}/rerun`, { body });
    expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, field]);
  });

  test('under the same Idempotency-Key is the same run, also when it is over', async () => {
    const runId = await failedRun({ down: 'failed' });
    const headers = { 'idempotency-key': 'again' };
    const first = await api.call('POST', `/v1/runs/${runId}/rerun`, { headers });
    await finish(first.body.id, results());
    const again = await api.call('POST', `/v1/runs/${runId}/rerun`, { headers });
    expect([again.status, again.body.id, again.headers['idempotent-replayed']]).toEqual([202, first.body.id, 'true']);
    const other = await api.call('POST', `/v1/runs/${runId}/rerun`, { headers, body: { which: 'all' } });
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  test('of an active run, or of one without a failure, is refused', async () => {
    const passed = await failedRun({});
    const empty = await api.call('POST', `/v1/runs/${passed}/rerun`);
    expect([empty.status, empty.body.code]).toEqual([400, 'EMPTY_SELECTION']);
    const { body } = await api.call('POST', `/v1/plans/${await createPlan()}/runs`);
    const active = await api.call('POST', `/v1/runs/${body.id}/rerun`, { body: { which: 'all' } });
    expect([active.status, active.body.code, active.body.runId]).toEqual([409, 'RUN_ACTIVE', body.id]);
  });
});

describe('on machines', () => {
  const machines = ['linux', 'windows'];
  const on = (machine: string, change?: Record<string, string>) =>
    results(change).map((each) => ({ ...each, machine }));
  const everywhere = [...on('linux'), ...on('windows', { adds: 'failed', down: 'failed' })];
  const shown = async (runId: number) => {
    const { cases } = (await api.call('GET', `/v1/runs/${runId}/cases`)).body;
    return cases.map(({ name, machine, result }: Record<string, string>) => `${name} on ${machine}: ${result}`);
  };
  const failedOnWindows = async () => {
    const { body } = await api.call('POST', `/v1/plans/${await createPlan({ machines })}/runs`);
    await finish(body.id, everywhere);
    return body.id as number;
  };

  test('a named case runs on the machine it names, else on all of them, and so does a selected one', async () => {
    const planId = await createPlan({ machines, configs: [smoke] });
    const run = async (body: object) => {
      const started = await api.call('POST', `/v1/plans/${planId}/runs`, { body });
      await finish(started.body.id, everywhere);
      return shown(started.body.id);
    };
    const cases = [
      { suite: 'Cart', name: 'adds', machine: 'windows' },
      { suite: 'Cart', name: 'removes' },
    ];
    expect(await run({ cases })).toEqual([
      'adds on windows: failed',
      'removes on linux: passed',
      'removes on windows: passed',
    ]);
    expect(await run({ config: { name: 'smoke' } })).toEqual([
      'adds on linux: passed',
      'adds on windows: failed',
      'rounds on linux: passed',
      'rounds on windows: failed',
    ]);
    const mac = { cases: [{ suite: 'Cart', name: 'adds', machine: 'mac' }] };
    const refused = await api.call('POST', `/v1/plans/${planId}/runs`, { body: mac });
    expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, 'cases[0].machine']);
  });

  test('a rerun of what failed runs it on the machine it failed on only', async () => {
    const { body } = await api.call('POST', `/v1/runs/${await failedOnWindows()}/rerun`);
    expect(body.requested).toBe('2 cases');
    await finish(body.id, [...on('linux', { adds: 'failed' }), ...on('windows')]);
    expect(await shown(body.id)).toEqual(['adds on windows: passed', 'rounds on windows: passed']);
    expect((await api.call('GET', `/v1/runs/${body.id}`)).body.result).toBe('passed');
  });

  test.each([
    [{ suite: 'Cart', name: 'adds' }, '2 cases'],
    [{ suite: 'Cart', name: 'adds', machine: 'linux' }, '1 case'],
    [{ suite: 'Tax', name: 'rounds', iterations: ['up'] }, '2 cases (2 iterations)'],
    [{ suite: 'Tax', name: 'rounds', machine: 'windows', iterations: 'failed' }, '1 case (1 iteration)'],
  ])('a rerun of %j requests %s', async (testCase, requested) => {
    const body = { which: 'picked', cases: [testCase] };
    const answer = await api.call('POST', `/v1/runs/${await failedOnWindows()}/rerun`, { body });
    expect([answer.status, answer.body.requested]).toEqual([202, requested]);
  });

  test('a rerun on a machine the case never ran on is refused', async () => {
    const body = { which: 'picked', cases: [{ suite: 'Cart', name: 'adds', machine: 'mac' }] };
    const refused = await api.call('POST', `/v1/runs/${await failedOnWindows()}/rerun`, { body });
    expect([refused.status, refused.body.code]).toEqual([400, 'FOREIGN_RESULT']);
  });
});
