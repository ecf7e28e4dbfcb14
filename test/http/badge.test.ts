import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { badgeOf } from '../../lib/core/badge.ts';
import { noCounts } from '../../lib/core/results.ts';
import { aRun } from '../support/runs.ts';
import { type Api, aPlan, openApi, passedCases } from './native/api.ts';

let api: Api;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const badge = (plan: string | number, headers = {}) => api.call('GET', `/badges/${plan}.svg`, { token: '', headers });
const titleOf = (svg: string) => /<title>(.*?)<\/title>/.exec(svg)?.[1];

/** Completes a run whose second case ends so. */
async function complete(runId: number, removes: string): Promise<void> {
  const cases = passedCases.map((one) => (one.name === 'removes' ? { ...one, result: removes } : one));
  await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases, final: true } });
  await api.step(runId);
}
async function run(planId: number, removes: string): Promise<void> {
  const { id } = (await api.call('POST', `/v1/plans/${planId}/runs`)).body;
  await api.step(id);
  await complete(id, removes);
}

describe('the badge of a plan', () => {
  test('follows its newest completed run, for everybody', async () => {
    const plan = aPlan({ badge: 'public', name: 'nightly & more' });
    const planId = (await api.call('POST', '/v1/plans', { body: plan })).body.id;
    expect(titleOf((await badge(planId)).text)).toBe('nightly &amp; more: never ran');
    const { id } = (await api.call('POST', `/v1/plans/${planId}/runs`)).body;
    await api.step(id);
    expect(titleOf((await badge(planId)).text)).toBe('nightly &amp; more: running');
    await complete(id, 'failed');
    expect(titleOf((await badge(planId)).text)).toBe('nightly &amp; more: 1 of 2 failed');
    await run(planId, 'passed');
    const { status, text, headers } = await badge(planId);
    expect(titleOf(text)).toBe('nightly &amp; more: 2 passed');
    expect(status).toBe(200);
    expect(text).toMatch(/^<svg xmlns=/);
    expect(headers).toMatchObject({ 'content-type': 'image/svg+xml;charset=UTF-8', 'cache-control': 'max-age=60' });
    const again = await badge(planId, { 'if-none-match': headers.etag });
    expect(again).toMatchObject({
      status: 304,
      text: '',
      headers: { 'cache-control': 'max-age=60', etag: headers.etag },
    });
  });

  test('looks the same for a plan that is not there and for every one that is not public', async () => {
    const { planId: silent } = await api.startRun();
    const { planId: hidden } = await api.startRun({ badge: 'private' });
    const { planId: deleted, runId } = await api.startRun({ badge: 'public' });
    await complete(runId, 'passed');
    expect((await badge(deleted)).status).toBe(200);
    expect((await api.call('DELETE', `/v1/plans/${deleted}`)).status).toBe(204);
    const unknown = await badge(99_999);
    expect(unknown).toMatchObject({ status: 404, headers: { 'content-type': 'image/svg+xml;charset=UTF-8' } });
    expect(titleOf(unknown.text)).toBe('proctor: unknown plan');
    for (const plan of [silent, hidden, deleted, 'x', '0', '-1', '99999999999', '1.svg']) {
      expect([plan, await badge(plan)]).toEqual([plan, unknown]);
    }
    expect(await api.call('GET', `/badges/${silent}.png`, { token: '' })).toEqual(unknown);
    expect(await api.call('GET', `/badges/${silent}`, { token: '' })).toEqual(unknown);
  });
});

describe('what it says', () => {
  const counts = { ...noCounts, total: 12, passed: 9, skipped: 2, failed: 1 };
  test.each([
    [{ result: 'passed', counts: { ...counts, failed: 0, passed: 10 } }, '10 passed', 'good'],
    [{ result: 'failed', counts }, '1 of 12 failed', 'bad'],
    [{ result: 'noTests', counts: noCounts }, 'no tests', 'broken'],
    [{ result: 'errored', counts }, 'errored', 'broken'],
    [{ result: 'timedOut', counts }, 'timed out', 'broken'],
    [{ result: 'stopped', counts }, 'stopped', 'unknown'],
    [{ result: 'passed', requestedCases: 3, counts: { ...noCounts, total: 3, passed: 3 } }, '3 picked passed', 'good'],
  ] as const)('of a run that ended as %j', (change, message, tone) => {
    expect(badgeOf('Checkout', aRun(7, { status: 'completed', ...change }), true)).toEqual({
      label: 'Checkout',
      message,
      tone,
    });
  });

  test('is the result people say it has', () => {
    const overridden = {
      newest: '',
      cases: 1,
      at: 1,
      keyId: '',
      ownerId: 1,
      counts: { ...counts, passed: 10, failed: 0 },
      ending: { result: 'passed', reason: 'allPassed', explanation: '' },
    } as const;
    expect(badgeOf('Checkout', aRun(7, { result: 'failed', counts, overridden }), true).message).toBe('10 passed');
  });

  test('cuts a long name', () => expect(badgeOf('x'.repeat(255), undefined, false).label).toBe(`${'x'.repeat(59)}…`));
});
