import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { targetOf } from '../../../lib/core/circuit.ts';
import { ServiceError } from '../../../lib/core/errors.ts';
import { attemptsAnswer, explainAnswer } from '../../../lib/http/native/answer-schemas.ts';
import { openApi } from './api.ts';

let api: Awaited<ReturnType<typeof openApi>>;
beforeEach(async () => {
  api = await openApi();
});
afterEach(() => api.close());

const executor = { type: 'http', url: 'https://runner.example/jobs' } as const;
const explain = async (runId: number) => explainAnswer.parse((await api.call('GET', `/v1/runs/${runId}/explain`)).body);
const attempts = async (runId: number) =>
  attemptsAnswer.parse((await api.call('GET', `/v1/runs/${runId}/attempts`)).body).attempts;
const failToStart = (error: unknown): void => {
  Object.assign(api.executor, {
    start: async () => {
      throw error;
    },
  });
};

describe('a run that waits because its dispatch failed', () => {
  test('says why, and when the next try is, without what is secret', async () => {
    failToStart(new ServiceError('EXECUTOR_UNAVAILABLE', 'The runner refused the password s3cret-word.'));
    const { runId } = await api.startRun({ executor }, { runtimeData: { PASSWORD: 's3cret-word' } });
    const { sentence, steps } = await explain(runId);
    const next = new Date(api.clock.now + 2000).toISOString();
    const why = `the last try failed, because The runner refused the password ***, next try at ${next}`;
    expect(sentence).toContain(`waits for its executor to take it: ${why}.`);
    expect(steps.find(({ kind }) => kind === 'waits')?.sentence).toBe(`It waits: ${why}.`);
  });

  test('says that its executor is failing since when', async () => {
    const now = api.clock.now;
    const known = { version: 1, failures: 3, since: now - 90_000, lastAt: now, kind: 'dispatch', opened: 1 } as const;
    const id = targetOf({ ...executor, selects: 'nothing' })?.id ?? '';
    await api.stores.circuits.putCircuit(id, undefined, { ...known, openUntil: now + 30_000 });
    const { runId } = await api.startRun({ executor });
    const since = new Date(now - 90_000).toISOString();
    const next = new Date(now + 30_000).toISOString();
    expect((await explain(runId)).steps.find(({ kind }) => kind === 'waits')?.sentence).toBe(
      `It waits: executor http runner.example is failing since ${since}, next try at ${next}.`,
    );
  });
});

describe('an attempt that failed', () => {
  test('has a class, and one by infrastructure is followed by its redispatch', async () => {
    const { runId } = await api.startRun({ executor });
    await api.call('POST', `/v1/runs/${runId}/results`, { body: { cases: [], error: 'out of disk' } });
    await api.step(runId);
    expect(await attempts(runId)).toMatchObject([
      { attempt: 1, why: 'first', problem: { reason: 'executorLost', class: 'infrastructure' } },
      {
        attempt: 2,
        why: 'redispatch',
        purpose: 'redispatch 1 of 1, in place of attempt 1: 2 cases that it had left',
        problem: null,
      },
    ]);
    const sentences = (await explain(runId)).steps.map(({ sentence }) => sentence);
    expect(sentences[1]).toContain('It went wrong, by its infrastructure: out of disk.');
    expect(sentences[2]).toMatch(/^Attempt 2 was redispatch 1 of 1, in place of attempt 1/);
    const late = await api.call('POST', `/callbacks/${runId}/1/results`, {
      token: api.callbackToken(runId),
      body: { cases: [], final: true },
    });
    expect(late).toMatchObject({ status: 409, body: { code: 'ATTEMPT_REPLACED' } });
  });

  test('by a refusal is a matter of the plan, and ends the run', async () => {
    failToStart(new ServiceError('EXECUTOR_REFUSED', 'The runner knows no such project.'));
    const { runId } = await api.startRun({ executor });
    expect(await attempts(runId)).toMatchObject([{ problem: { reason: 'executorRefused', class: 'plan' } }]);
    const { reason, steps } = await explain(runId);
    expect(reason).toBe('executorRefused');
    expect(steps[1]?.sentence).toContain('by what the plan or its environment says: The run could not be dispatched');
  });
});
