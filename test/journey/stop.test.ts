import { afterAll, beforeAll, expect, test } from 'vitest';
import { processesWith, until } from '../executors/command/job-harness.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let proctor: TestSystem;
beforeAll(async () => {
  proctor = await startTestSystem();
});
afterAll(() => proctor.close());

interface RunObject {
  readonly id: number;
  readonly status: string;
  readonly result: string;
  readonly passedCount: number;
  readonly stoppedCount: number;
  readonly stoppedRunIds: number[];
}

test('a running command is stopped by PUT: its processes are gone, its finished cases are kept', async () => {
  const progress = JSON.stringify({ suite: 'Payment', className: '', name: 'pays', result: 'passed', durationMs: 5 });
  const commands = [`echo '${progress}' >> "$PROCTOR_PROGRESS"`, 'sh -c "sleep 300 & wait" &', 'wait'];
  const { body: plan } = await proctor.post<{ id: number }>('/v1/plans', {
    name: 'takes long',
    executor: { type: 'command', directory: proctor.directory, command: commands.join('\n') },
    suites: [{ name: 'Payment', cases: [{ name: 'pays' }, { name: 'refunds' }] }],
  });
  const triggered = await proctor.post<RunObject>('/api/v1/execution_results', { executionId: plan.id });
  // The supervisor, the command, the shell it started and what that started.
  await until(() => processesWith(proctor.directory).length >= 4);

  const startedAt = Date.now();
  const stopped = await proctor.call<RunObject>('/api/v1/execution_results', {
    method: 'PUT',
    body: JSON.stringify({ canStopAll: true, result: 'STOPPED' }),
  });
  expect(stopped.status).toBe(200);
  expect(stopped.body.stoppedRunIds).toEqual([triggered.body.id]);
  expect(await proctor.completed(triggered.body.id)).toMatchObject({ result: 'stopped', reason: 'requested' });
  expect(processesWith(proctor.directory)).toEqual([]);
  expect(Date.now() - startedAt).toBeLessThan(10_000);
  const { body } = await proctor.call<RunObject>(`/api/v1/execution_results/${triggered.body.id}`);
  const ending = { status: 'STATUS_COMPLETED', result: 'STOPPED', passedCount: 1, stoppedCount: 1 };
  expect(body).toMatchObject(ending);
  const again = await proctor.call<RunObject>(`/api/v1/execution_results/${triggered.body.id}`, {
    method: 'PUT',
    body: JSON.stringify({ result: 'STOPPED' }),
  });
  expect(again.body).toEqual({ ...body, stoppedRunIds: [] });
});
