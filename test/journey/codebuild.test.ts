import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { readBuildEvent } from '../../lib/adapters/codebuild/build-event.ts';
import { createBuilds } from '../../lib/adapters/codebuild.ts';
import { createAwsSystem } from '../../lib/aws.ts';
import { createRemoteExecutors } from '../../lib/executors/remote-executors.ts';
import { noticeJob } from '../../lib/workflow/notice-job.ts';
import { makeDispatch } from '../executors/dispatch.ts';
import { type FakeCodebuild, startFakeCodebuild } from '../support/fake-codebuild.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let fake: FakeCodebuild;
let proctor: TestSystem;
let sample: { id: number; executor: Record<string, unknown> };
/** Whether each event woke a run. */
const woken: Promise<boolean>[] = [];

beforeAll(async () => {
  fake = await startFakeCodebuild({ source: 'examples' });
  vi.stubEnv('AWS_ENDPOINT_URL_CODEBUILD', fake.url).stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA').stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  proctor = await startTestSystem();
  sample = parse(await readFile('examples/plan.yaml', 'utf8'));
  // What the rule and the function `build-changed` do on AWS.
  fake.onEvent = (event) => {
    const job = readBuildEvent(event);
    if (job !== undefined) woken.push(noticeJob(proctor.system.services, job));
  };
});
afterAll(async () => {
  await proctor.close();
  await fake.close();
  vi.unstubAllEnvs();
});

interface Attempt {
  readonly attempt: number;
  readonly executing: string;
  readonly links: { readonly job: string | null };
}

describe('the sample plan on CodeBuild', () => {
  test('fails one case, reruns just that one, and passes; each end is noticed by its event', async () => {
    const executor = { ...sample.executor, type: 'codebuild', project: 'proctor-shop' };
    expect((await proctor.post('/v1/plans', { ...sample, executor })).status).toBe(201);
    const { body } = await proctor.post<{ id: number }>(`/v1/plans/${sample.id}/runs`, { runtimeData: { LANG: 'tr' } });
    const run = await proctor.completed(body.id);
    expect(run).toMatchObject({ result: 'passed', attempt: 2, counts: { total: 12, passed: 12, flaky: 1 } });
    expect(await Promise.all(woken)).toEqual([true, true]);
    // By the clock the next look would come 15 s after the last one.
    expect(Date.parse(run.endedAt) - (fake.builds[1]?.endedAt ?? 0)).toBeLessThan(10_000);
    const attempts = await proctor.call<{ attempts: Attempt[] }>(`/v1/runs/${body.id}/attempts`);
    expect(attempts.body.attempts.map(({ executing }) => executing)).toEqual(['everything', '1 case']);
    expect(attempts.body.attempts[0]?.links.job).toContain('/projects/proctor-shop/build/');
    expect(fake.builds).toHaveLength(2);
    for (const { input } of fake.builds) {
      expect(input.environmentVariablesOverride).toContainEqual({ name: 'LANG', value: 'tr', type: 'PLAINTEXT' });
      expect(JSON.stringify(input)).not.toContain('cbt1.');
    }
  });

  test('is stopped with its build', async () => {
    const before = fake.builds.length;
    const executor = { type: 'codebuild', project: 'proctor-shop', command: 'sleep 300', directory: '.' };
    const { body: plan } = await proctor.post<{ id: number }>('/v1/plans', { name: 'takes long', executor });
    const { body } = await proctor.post<{ id: number }>(`/v1/plans/${plan.id}/runs`, {});
    await expect.poll(() => fake.builds.length, { timeout: 20_000 }).toBe(before + 1);
    await expect
      .poll(async () => (await proctor.call<{ status: string }>(`/v1/runs/${body.id}`)).body.status, {
        timeout: 20_000,
      })
      .toBe('running');
    await proctor.post(`/v1/runs/${body.id}/stop`, {});
    expect(await proctor.completed(body.id)).toMatchObject({ result: 'stopped', reason: 'requested' });
    expect(fake.builds.at(-1)?.status).toBe('STOPPED');
  });

  test('runs unchanged where the deployment has a project for it', async () => {
    const before = fake.builds.length;
    const project = {
      name: 'proctor-shop',
      root: '',
      reportGroup: 'arn:aws:codebuild:eu-central-1:1:report-group/tests',
    };
    const { services } = createAwsSystem(
      {
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: 'AKIA',
        AWS_SECRET_ACCESS_KEY: 'secret',
        STATE_MACHINE_ARN: 'arn:aws:states:eu-central-1:1:stateMachine:Blue-run',
        CODEBUILD: JSON.stringify(project),
      },
      { builds: createBuilds, executors: createRemoteExecutors },
    );
    const executor = services.executors('command');
    const dispatch = makeDispatch(sample.executor, { runId: 900, key: 'run-900-a1' });
    expect(executor.capabilities(dispatch.settings)).toMatchObject({ selects: 'iterations', callsBack: true });
    const { ref } = await executor.start(dispatch);
    expect(fake.builds).toHaveLength(before + 1);
    await expect.poll(async () => (await executor.poll(ref, dispatch)).state, { timeout: 60_000 }).toBe('ended');
    const poll = await executor.poll(ref, dispatch);
    expect(poll).toMatchObject({ end: {} });
    expect([...poll.cases]).toHaveLength(14);
  });
});
