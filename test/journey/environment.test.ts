import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let proctor: TestSystem;
beforeAll(async () => {
  proctor = await startTestSystem();
});
afterAll(() => proctor.close());

interface Created {
  readonly id: number;
}

async function makePlan(): Promise<{ planId: number; environmentId: number }> {
  const variables = [
    { key: 'TARGET', value: 'staging' },
    { key: 'TOKEN', value: 'canary-5512', secret: true },
  ];
  const name = `env ${Math.random()}`;
  const environment = await proctor.post<Created>('/v1/environments', { name, variables });
  const executor = {
    type: 'command',
    directory: proctor.directory,
    command: `echo "$TARGET $TOKEN $FROM_PLAN $OVER" > seen; echo '<testsuite name="S"><testcase name="works"/></testsuite>' > {report}`,
  };
  const plan = { name, executor, variables: { FROM_PLAN: 'plan', OVER: 'plan', TARGET: 'plan' } };
  const { body } = await proctor.post<Created>('/v1/plans', plan);
  return { planId: body.id, environmentId: environment.body.id };
}

test('runtime data goes over the environment’s variables, those over the plan’s; secrets are in no answer', async () => {
  const { planId, environmentId } = await makePlan();
  const trigger = { executionId: planId, environmentId, runtimeData: { OVER: 'runtime' } };
  const { body } = await proctor.post<Created>('/api/v1/execution_results', trigger);
  expect(await proctor.completed(body.id)).toMatchObject({ result: 'passed' });
  expect((await readFile(join(proctor.directory, 'seen'), 'utf8')).trim()).toBe('staging canary-5512 plan runtime');
  const reads = [
    `/v1/environments/${environmentId}`,
    '/v1/environments',
    `/v1/runs/${body.id}`,
    `/v1/runs/${body.id}/explain`,
  ];
  for (const path of [...reads, `/v1/runs/${body.id}/attempts`, `/api/v1/execution_results/${body.id}`]) {
    const { status, text } = await proctor.call(path);
    expect(status).toBe(200);
    expect(text).not.toContain('canary-5512');
  }
  const log = await readFile(join(proctor.directory, 'data', 'proctor.log'), 'utf8');
  expect(log).not.toContain('canary-5512');
  expect(log).not.toContain(proctor.system.adminKey.token);
});

test('a run whose environment is gone is errored, never run without its variables', async () => {
  const { planId, environmentId } = await makePlan();
  const plan = await proctor.call<Record<string, unknown>>(`/v1/plans/${planId}`);
  const { name, executor } = plan.body;
  await proctor.post('/v1/plans', { name, executor, environment: environmentId });
  expect((await proctor.call(`/v1/environments/${environmentId}`, { method: 'DELETE' })).status).toBe(204);
  const { body } = await proctor.post<Created>(`/v1/plans/${planId}/runs`, {});
  const run = await proctor.completed(body.id);
  expect(run).toMatchObject({ result: 'errored', reason: 'executorRefused' });
  expect(run.explanation).toContain(`environment ${environmentId} was deleted`);
});
