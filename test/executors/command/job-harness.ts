import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatch, Executor, Poll } from '../../../lib/core/executor.ts';
import { executorSettings } from '../../../lib/core/executor-settings.ts';
import { planSchema } from '../../../lib/core/plan.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import { parse } from '../../../lib/core/schema.ts';

/** A new directory for one test's data or sources. */
export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'proctor-command-'));
}

/** An attempt that runs the command in the directory, with settings and fields of the dispatch replaced. */
export function dispatchOf(
  settings: { command: string; [name: string]: unknown },
  rest: Partial<Dispatch> = {},
): Dispatch {
  const { runId = 1, attempt = 1 } = rest;
  return {
    runId,
    attempt,
    key: `run-${runId}-a${attempt}`,
    earlier: [],
    planId: 7,
    planName: 'plan',
    settings: parse(executorSettings, { type: 'command', directory: tmpdir(), ...settings }),
    selection: null,
    prerequisites: [],
    machines: [],
    variables: {},
    secrets: [],
    uploadVersions: {},
    environment: null,
    buildNo: null,
    executionSettings: parse(planSchema, { name: 'plan', executor: { type: 'command', command: 'true' } }).settings,
    callback: { url: 'http://127.0.0.1:1/callbacks', token: 'cbt1.callback-token' },
    deadlineAt: Number.MAX_SAFE_INTEGER,
    createdAt: Date.now(),
    ...rest,
  };
}

export type Ended = Extract<Poll, { state: 'ended' }> & {
  readonly list: ReportedCase[];
  readonly seen: ReportedCase[];
};

/** Polls until the job ended; `list` is what the end told, `seen` what was told before. */
export async function pollToEnd(executor: Executor, dispatch: Dispatch): Promise<Ended> {
  const seen: ReportedCase[] = [];
  for (let tries = 0; tries < 1000; tries += 1) {
    const poll = await executor.poll(dispatch.key, dispatch);
    if (poll.state === 'ended') return { ...poll, list: [...poll.cases], seen };
    seen.push(...poll.cases);
    await sleep(10);
  }
  throw new Error('the job did not end');
}

/** Waits for what must come true soon. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await condition()) return;
    await sleep(10);
  }
  throw new Error('did not come true');
}

/** Command lines of the living processes that have the text in their environment or arguments. */
export function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        return line.includes(text) || environment.includes(text) ? [line] : [];
      } catch {
        return [];
      }
    });
}

/** A JUnit report with one case of the name, passed or failed. */
export function junit(name: string, failed = false): string {
  const inside = failed ? '<failure message="no"/>' : '';
  return `<testsuites><testsuite name="S"><testcase name="${name}" classname="C" time="0.1">${inside}</testcase></testsuite></testsuites>`;
}
