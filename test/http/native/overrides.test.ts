import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { casesAnswer, explainAnswer, overridesAnswer, runAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { type Api, openApi, passedCases } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

/** A run of which `adds` failed and `removes` passed. */
async function failedRun(): Promise<{ runId: number; adds: number; removes: number }> {
  const { runId } = await api.startRun();
  const cases = passedCases.map((one) => (one.name === 'adds' ? { ...one, result: 'failed', message: 'no' } : one));
  await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases, final: true } });
  await api.step(runId);
  const [adds, removes] = (await api.call('GET', `/v1/runs/${runId}/cases`)).body.cases;
  return { runId, adds: adds.resultId, removes: removes.resultId };
}
const override = (runId: number, cases: readonly object[], token?: string) =>
  api.call('POST', `/v1/runs/${runId}/override`, { body: { cases }, ...(token === undefined ? {} : { token }) });

describe('an overridden run', () => {
  test('shows what people said, beside what it ended with', async () => {
    const { runId, adds } = await failedRun();
    const before = await api.call('GET', `/v1/runs/${runId}`);
    expect(before.body).toMatchObject({ result: 'failed', overridden: null });
    api.clock.now += 60_000;
    const answer = await override(runId, [{ resultId: adds, result: 'passed', comment: 'known defect' }]);
    expect(answer.status).toBe(200);
    const after = await api.call('GET', `/v1/runs/${runId}`, {
      headers: { 'if-none-match': before.headers.etag ?? '' },
    });
    expect(after.status).toBe(200);
    expect(runAnswer.parse(after.body)).toMatchObject({
      result: 'passed',
      reason: 'allPassed',
      explanation: '2 cases passed, with 1 case overridden by hand.',
      counts: { passed: 2, failed: 0 },
      endedAt: before.body.endedAt,
      overridden: {
        original: { result: 'failed', reason: 'casesFailed', counts: { passed: 1, failed: 1 } },
        cases: 1,
        at: new Date(api.clock.now).toISOString(),
        by: { ownerId: 1 },
      },
    });
    expect({ ...after.body, executing: null, links: null }).toEqual({ ...answer.body, executing: null, links: null });
    const { runs } = (await api.call('GET', '/v1/runs')).body;
    expect(runs[0]).toMatchObject({ id: runId, result: 'passed', counts: { passed: 2 } });
    const cases = await api.call('GET', `/v1/runs/${runId}/cases`);
    expect(casesAnswer.parse(cases.body).cases).toMatchObject([
      { result: 'passed', message: 'no', overridden: { original: 'failed', comment: 'known defect' } },
      { result: 'passed', overridden: null },
    ]);
    expect((await api.call('GET', `/v1/runs/${runId}/cases?result=failed`)).body.cases).toEqual([]);
    const junit = await api.call('GET', `/v1/runs/${runId}/junit`);
    expect(junit.text).toContain('failures="0" errors="0"');
  });

  test('explains both', async () => {
    const { runId, adds } = await failedRun();
    await override(runId, [{ resultId: adds, result: 'passed' }]);
    const { result, sentence, steps } = explainAnswer.parse((await api.call('GET', `/v1/runs/${runId}/explain`)).body);
    expect(result).toBe('passed');
    expect(sentence).toMatch(
      / failed, .* Since then 1 case of it was overridden by hand; it counts as one that passed\.$/,
    );
    expect(steps.map(({ kind }) => kind)).toEqual(['triggered', 'attempt', 'ended', 'overridden']);
    expect(steps.at(-1)?.sentence).toMatch(/^Key \w+ overrode the result of 1 case: Cart › adds as passed\.$/);
  });

  test('keeps who said what when, in pages, whatever was said later', async () => {
    const { runId, adds, removes } = await failedRun();
    const other = await api.addKey({ scopes: ['PLAN_RUN'] });
    await override(runId, [{ resultId: adds, result: 'passed', comment: 'flaky network' }]);
    await override(
      runId,
      [
        { resultId: removes, result: 'skipped' },
        { resultId: adds, result: 'failed' },
      ],
      other,
    );
    const list = (query = '') => api.call('GET', `/v1/runs/${runId}/overrides${query}`);
    const { overrides, nextCursor } = overridesAnswer.parse((await list()).body);
    expect(overrides.map(({ name, result, comment }) => [name, result, comment])).toEqual([
      ['adds', 'passed', 'flaky network'],
      ['removes', 'skipped', null],
      ['adds', 'failed', null],
    ]);
    expect(overrides[0]?.by).not.toEqual(overrides[1]?.by);
    expect(nextCursor).toBeNull();
    const first = (await list('?limit=2')).body;
    const rest = (await list(`?limit=2&cursor=${first.nextCursor}`)).body;
    expect([...first.overrides, ...rest.overrides]).toEqual(overrides);
    expect(rest.nextCursor).toBeNull();
    expect((await api.call('GET', `/v1/runs/${runId}`)).body).toMatchObject({
      result: 'failed',
      counts: { skipped: 1 },
    });
  });

  test('is overridden in all of the cases named, or in none', async () => {
    const { runId, adds } = await failedRun();
    const refused = await override(runId, [
      { resultId: adds, result: 'passed' },
      { resultId: 5, result: 'passed' },
    ]);
    expect(refused).toMatchObject({ status: 400, body: { code: 'FOREIGN_RESULT' } });
    expect(refused.body.errors).toMatchObject([{ field: 'cases[1].resultId', rejectedValue: 5 }]);
    expect((await api.call('GET', `/v1/runs/${runId}`)).body).toMatchObject({ result: 'failed', overridden: null });
    expect((await api.call('GET', `/v1/runs/${runId}/overrides`)).body.overrides).toEqual([]);
  });

  test('was completed before, and is the caller’s to run', async () => {
    const { runId } = await api.startRun();
    const [first] = (await api.call('GET', `/v1/runs/${runId}/cases`)).body.cases;
    const cases = [{ resultId: first.resultId, result: 'passed' }];
    expect(await override(runId, cases)).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE', runId } });
    expect((await override(runId, cases, await api.addKey({ scopes: ['PLAN_VIEW'] }))).status).toBe(403);
    expect((await override(runId, cases, await api.addKey({ projects: ['bank'] }))).status).toBe(404);
  });

  test('sends no second completion event', async () => {
    const { runId, adds } = await failedRun();
    const sent = api.published.length;
    await override(runId, [{ resultId: adds, result: 'passed' }]);
    expect(api.published).toHaveLength(sent);
    const completions = api.published.filter(
      ({ detailType, detail }) => detailType === 'Run Completed' && detail.runId === runId,
    );
    expect(completions.map(({ detail }) => detail.result)).toEqual(['failed']);
  });
});
