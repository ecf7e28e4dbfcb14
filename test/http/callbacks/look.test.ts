import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toLookToken } from '../../../lib/core/callback-token.ts';
import type { Run } from '../../../lib/core/run.ts';
import { type Api, openApi, passedCases } from '../native/api.ts';

let api: Api;
const woken: [number, string][] = [];
beforeAll(async () => {
  api = await openApi();
  const wake = async ({ id }: Run, why: string) => void woken.push([id, why]);
  Object.assign(api.services, { workflow: { ...api.services.workflow, wake } });
});
afterAll(() => api.close());

const lookAt = (runId: number, attempt = 1) => `/callbacks/t/${toLookToken(api.callbackToken(runId, attempt))}/look`;

describe('a vendor’s callback', () => {
  test.each([
    ['POST', '{"type":"run.completed","data":{"outcome":"PASSED","cases":[]}}'],
    ['POST', '<html>'],
    ['GET', ''],
  ])('makes the run look at once, and nothing it says counts: %s %s', async (method, body) => {
    const { runId } = await api.startRun();
    const before = await api.stores.runs.getRun(runId);
    const answer = await api.call(method, lookAt(runId), { token: '', body });
    expect(answer).toMatchObject({ status: 202, body: { runId, attempt: 1 } });
    expect(woken.at(-1)).toEqual([runId, 'look']);
    const after = await api.stores.runs.getRun(runId);
    // An execution that is just about to wait must notice it too.
    expect(after?.wakeSeq).toBe((before?.wakeSeq ?? 0) + 1);
    expect(after).toMatchObject({ status: 'running', packedBytes: before?.packedBytes });
    expect((await api.stores.runs.readItems(after as Run)).batches).toEqual([]);
    expect(JSON.stringify(api.logs)).not.toContain('cbl1.');
  });

  test('that comes after the end is taken, and wakes nobody', async () => {
    const { runId } = await api.startRun();
    const body = { cases: passedCases, final: true };
    await api.call('POST', `/callbacks/${runId}/1/results`, { token: api.callbackToken(runId), body });
    await api.step(runId);
    const before = [await api.stores.runs.getRun(runId), woken.length];
    expect((await api.call('POST', lookAt(runId), { token: '' })).status).toBe(200);
    expect([await api.stores.runs.getRun(runId), woken.length]).toEqual(before);
  });

  test('is refused without the token, and that token opens nothing else', async () => {
    const { runId } = await api.startRun();
    const look = toLookToken(api.callbackToken(runId));
    const refused = [
      await api.call('GET', `/callbacks/t/${api.callbackToken(runId)}/look`, { token: '' }),
      await api.call('GET', `/callbacks/t/${look.replace('cbl1', 'cbt1')}/look`, { token: '' }),
      await api.call('GET', `/callbacks/t/${look.slice(0, -1)}/look`, { token: '' }),
      await api.call('POST', `/callbacks/t/${look}/results`, { token: '', body: { cases: passedCases, final: true } }),
      await api.call('POST', `/callbacks/${runId}/1/results`, { token: look, body: { cases: passedCases } }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
  });
});
