import { createEgress } from '../../../lib/adapters/egress.ts';
import type { Dispatch } from '../../../lib/core/executor.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import { createGithubActionsExecutor } from '../../../lib/executors/github-actions/github-actions-executor.ts';
import { type Job, type JobEnd, startFakeGithub } from '../../support/fake-github.ts';
import { makeDispatch } from '../dispatch.ts';

export const token = 'github_pat_canary-5f1c';

/** The executor before a GitHub whose workflow `e2e.yml` runs until the test says how it ends. */
export async function startGithub(settings: Record<string, unknown> = {}) {
  const github = await startFakeGithub({ token });
  const clock = { now: Date.now() };
  const ends = new Map<string, (end: JobEnd) => void>();
  const create = () =>
    createGithubActionsExecutor({
      egress: createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' }),
      secrets: { get: async () => `${token}\n` },
      now: () => clock.now,
      newId: () => 'fresh',
    });
  const optional = { required: false };
  github.workflows.set('e2e.yml', {
    inputs: {
      proctor_key: { required: true },
      proctor_selection: optional,
      proctor_variables: optional,
      proctor_callback_url: optional,
      proctor_callback_token: optional,
    },
    runName: ({ proctor_key: key = '' }) => `Tests of ${key}`,
    job: ({ inputs: { proctor_key: key = '' } }: Job) => new Promise((resolve) => ends.set(key, resolve)),
  });
  const createdAt = clock.now - 1000;
  return {
    github,
    clock,
    executor: create(),
    /** That of another process. */
    create,
    dispatch: (overrides: Partial<Dispatch> = {}, more: Record<string, unknown> = {}): Dispatch =>
      makeDispatch(
        {
          type: 'github-actions',
          repository: github.repository,
          workflow: 'e2e.yml',
          token: 'env:GITHUB_TOKEN',
          apiUrl: github.origin,
          selector: 'playwright',
          ...settings,
          ...more,
        },
        { createdAt, ...overrides },
      ),
    /** Ends the attempt's job, and waits until its run shows it. */
    async end({ key }: Pick<Dispatch, 'key'>, end: JobEnd): Promise<void> {
      const [name, resolve] = [...ends].find(([name]) => name.startsWith(`${key}-`)) ?? [];
      if (resolve === undefined) throw new Error(`no job of ${key}`);
      resolve(end);
      const isOver = () =>
        github.runs.some(({ inputs, status }) => inputs.proctor_key === name && status === 'completed');
      for (let tries = 0; tries < 200 && !isOver(); tries++) await new Promise((next) => setTimeout(next, 5));
    },
  };
}

/** A JUnit document of the cases. */
export function toXml(cases: readonly ReportedCase[]): string {
  const lines = cases.map(({ className, name, result, durationMs, message }) => {
    const failure = result === 'failed' ? `<failure message="${message}"/>` : '';
    return `<testcase classname="${className}" name="${name}" time="${durationMs / 1000}">${failure}</testcase>`;
  });
  return `<testsuite name="${cases[0]?.suite}">${lines.join('')}</testsuite>`;
}

/** The end of a job that uploads a report of the cases. */
export function ended(cases: readonly ReportedCase[], conclusion?: string): JobEnd {
  const failed = cases.some(({ result }) => result === 'failed');
  return {
    conclusion: conclusion ?? (failed ? 'failure' : 'success'),
    artifacts: { 'junit-chromium': { 'reports/junit.xml': toXml(cases) } },
  };
}
