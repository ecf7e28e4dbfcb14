import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processesWith } from '../executors/command/job-harness.ts';
import { startTestSystem, type TestSystem } from '../support/local.ts';

/** Real commands raced; a hundredth of the races in a table, and a few at least. */
const rounds = Math.max(4, Math.ceil(Number(process.env.RACES ?? 0) / 20));

let proctor: TestSystem;
beforeAll(async () => {
  proctor = await startTestSystem();
});
afterAll(() => proctor.close());

test(`real commands stopped while they end leave no process behind, ${rounds} times`, {
  timeout: 120_000 + rounds * 10_000,
}, async () => {
  const progress = JSON.stringify({ suite: 'S', className: '', name: 'one', result: 'passed', durationMs: 5 });
  const { body: plan } = await proctor.post<{ id: number }>('/v1/plans', {
    name: 'ends soon',
    executor: {
      type: 'command',
      directory: proctor.directory,
      command: `echo '${progress}' >> "$PROCTOR_PROGRESS"; sleep 0.3 & wait; cat > {report} <<'X'\n<testsuite name="S"><testcase name="one"/></testsuite>\nX`,
    },
  });
  for (let round = 0; round < rounds; round++) {
    const { body: run } = await proctor.post<{ id: number }>(`/v1/plans/${plan.id}/runs`, {});
    // From before the command is there to after it has gone.
    await sleep((round % 8) * 90);
    const { status } = await proctor.post(`/v1/runs/${run.id}/stop`, {});
    expect(status).toBe(200);
    const ended = await proctor.completed(run.id);
    expect(['stopped', 'passed']).toContain(ended.result);
    await sleep(50);
    expect(processesWith(proctor.directory)).toEqual([]);
    expect(await proctor.completed(run.id)).toMatchObject({ result: ended.result, endedAt: ended.endedAt });
  }
});
