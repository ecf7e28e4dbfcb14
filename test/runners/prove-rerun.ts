import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { NativeRun, TestSystem } from '../support/local.ts';
import { type FixtureCase, identityOf } from './names.ts';

export interface CommandPlan {
  readonly selector: string;
  readonly command: string;
  readonly directory: string;
}

interface Attempt {
  readonly requestedCount: number | null;
  readonly requested: readonly string[] | null;
  readonly executing: string;
  readonly dispatchedAt: string;
  readonly endedAt: string;
  readonly problem: unknown;
}

/**
 * Runs the project with a rerun of what failed, through the embedded system and its API, and checks that the first
 * attempt executed every case once, the second just those that failed, and that the run says so. Answers the attempts'
 * seconds.
 */
export async function proveRerun(proctor: TestSystem, executor: CommandPlan, cases: readonly FixtureCase[]) {
  const failing = cases.filter(({ fails }) => fails !== undefined);
  const { run, attempts, executed, seconds } = await runTwice(proctor, executor);
  expect(run.explanation).toContain(`of ${cases.length} cases did not pass in the last attempt`);
  const always = failing.filter(({ fails }) => fails === 'always').length;
  expect(run).toMatchObject({
    result: 'failed',
    attempt: 2,
    counts: {
      total: cases.length,
      passed: cases.length - always,
      flaky: failing.length - always,
    },
  });
  // Playwright calls what is thrown without an assertion an error.
  expect((run.counts.failed ?? 0) + (run.counts.errored ?? 0)).toBe(always);
  expect(executed[0]).toHaveLength(cases.length);
  expect(new Set(executed[0])).toEqual(new Set(cases.map(identityOf)));
  expect(executed[1]?.toSorted()).toEqual(failing.map(identityOf).sort());
  expect(attempts).toMatchObject([
    { requestedCount: null, executing: 'everything', problem: null },
    { requestedCount: failing.length, problem: null },
  ]);
  expect(attempts[1]?.requested).toHaveLength(failing.length);
  expect(attempts[1]?.executing).toMatch(new RegExp(`^${failing.length} cases`));
  return seconds;
}

/** The run of a new plan of the command with one rerun. */
export async function runTwice(proctor: TestSystem, executor: CommandPlan, rest: object = {}) {
  const plan = {
    name: `${executor.selector} ${executor.directory}`,
    executor: { type: 'command', ...executor },
    rerun: { max: 1 },
    deadlines: { runSeconds: 800 },
    variables: { RAN_LOG: logOf(executor) },
    ...rest,
  };
  const created = await proctor.post<{ id: number }>('/v1/plans', plan);
  expect(created.status, created.text).toBe(201);
  return runPlan(proctor, executor, created.body.id);
}

/** A run of the plan, and what each of its attempts executed, from the log the cases write themselves. */
export async function runPlan(proctor: TestSystem, executor: CommandPlan, planId: number, trigger: object = {}) {
  const log = logOf(executor);
  rmSync(log, { force: true });
  const started = await proctor.post<{ id: number }>(`/v1/plans/${planId}/runs`, trigger);
  expect(started.status, started.text).toBe(202);
  const { body } = started;
  const run = await completed(proctor, body.id);
  const answer = await proctor.call<{ attempts: Attempt[] }>(`/v1/runs/${body.id}/attempts`);
  const { attempts } = answer.body;
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  const ran = lines.map((line) => JSON.parse(line) as [string, string]);
  return {
    planId,
    run,
    attempts,
    executed: attempts.map((_, i) => ran.filter(([attempt]) => attempt === String(i + 1)).map(([, id]) => id)),
    seconds: attempts.map((one) => (Date.parse(one.endedAt) - Date.parse(one.dispatchedAt)) / 1000),
  };
}

/** The run once it is completed, however slow its runner. */
async function completed(proctor: TestSystem, runId: number): Promise<NativeRun> {
  for (;;) {
    const { body } = await proctor.call<NativeRun>(`/v1/runs/${runId}`);
    if (body.status === 'completed') return body;
    await sleep(100);
  }
}

function logOf({ directory }: CommandPlan): string {
  return join(directory, 'ran.jsonl');
}
