import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/local.ts';

let proctor: TestSystem;
beforeAll(async () => {
  proctor = await startTestSystem();
});
afterAll(() => proctor.close());

interface Created {
  readonly id: number;
  readonly code?: string;
}

async function applyPlan(name: string, overlap: string, command: string): Promise<number> {
  const plan = { name, overlap, executor: { type: 'command', directory: proctor.directory, command } };
  return (await proctor.post<Created>('/v1/plans', plan)).body.id;
}

/** Triggers at the same time that wait for each other; the soak has its own figure. */
const queued = Number(process.env.TRIGGERS ?? 20);
const pass = `echo '<testsuite name="S"><testcase name="works" time="0.01"/></testsuite>' > {report}`;

describe('triggers of one plan at the same time', () => {
  test('50 with overlap reject give one run; the others are told which', async () => {
    // Until the last is answered, however slow the machine is.
    const answered = join(proctor.directory, 'answered');
    const planId = await applyPlan('rejects', 'reject', `while [ ! -e '${answered}' ]; do sleep 0.05; done; ${pass}`);
    const trigger = () => proctor.post<Created>('/api/v1/execution_results', { executionId: planId });
    const answers = await Promise.all(Array.from({ length: 50 }, trigger));
    await writeFile(answered, '');
    const started = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status, body }) => status === 409 && body.code === 'ALREADY_RUNNING');
    expect(started).toHaveLength(1);
    expect(refused).toHaveLength(49);
    const runs = await proctor.call<{ totalElements: number }>(`/api/v1/execution_results?executionId=${planId}`);
    expect(runs.body.totalElements).toBe(1);
    expect(await proctor.completed((started[0] as { body: Created }).body.id)).toMatchObject({ result: 'passed' });
  });

  test(`${queued} with overlap queue all run, one after another, in order`, {
    timeout: 120_000 + queued * 3000,
  }, async () => {
    const planId = await applyPlan('queues', 'queue', pass);
    const trigger = () => proctor.post<Created>('/api/v1/execution_results', { executionId: planId });
    const answers = await Promise.all(Array.from({ length: queued }, trigger));
    expect(answers.map(({ status }) => status)).toEqual(Array(queued).fill(200));
    const runs = await Promise.all(answers.map(({ body }) => proctor.completed(body.id)));
    const inOrderOfStart = [...runs].sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
    for (const [i, run] of inOrderOfStart.entries()) {
      expect(run).toMatchObject({ result: 'passed' });
      const next = inOrderOfStart[i + 1];
      if (next) expect(Date.parse(next.startedAt)).toBeGreaterThanOrEqual(Date.parse(run.endedAt));
    }
    // The first to take the lock need not have the smallest id; those that waited are released by id.
    const waited = inOrderOfStart.slice(1).map(({ id }) => id);
    expect(waited).toEqual([...waited].sort((a, b) => a - b));
  });

  test('with overlap allow they run side by side', async () => {
    // Each waits until all three are there.
    const together = ': > "here-$PROCTOR_RUN_ID"; while [ $(ls here-* | wc -l) -lt 3 ]; do sleep 0.05; done';
    const planId = await applyPlan('allows', 'allow', `${together}; ${pass}`);
    const trigger = () => proctor.post<Created>('/api/v1/execution_results', { executionId: planId });
    const answers = await Promise.all([trigger(), trigger(), trigger()]);
    const runs = await Promise.all(answers.map(({ body }) => proctor.completed(body.id)));
    const lastStart = Math.max(...runs.map(({ startedAt }) => Date.parse(startedAt)));
    for (const { endedAt } of runs) expect(Date.parse(endedAt)).toBeGreaterThan(lastStart);
  });
});

test('the same Idempotency-Key gives one run and the same answer, other content is refused', async () => {
  const planId = await applyPlan('idempotent', 'allow', pass);
  const headers = { 'idempotency-key': 'build-1' };
  const trigger = (body: unknown) => proctor.post<Created>('/api/v1/execution_results', body, headers);
  const answers = await Promise.all(Array.from({ length: 10 }, () => trigger({ executionId: planId })));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(9);
  expect((await trigger({ executionId: planId, buildNo: '2' })).status).toBe(422);
  await proctor.completed((answers[0] as { body: Created }).body.id);
});
