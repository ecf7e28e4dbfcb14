import { execFileSync } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { createEgress } from '../../../lib/adapters/egress.ts';
import type { Dispatch } from '../../../lib/core/executor.ts';
import type { ReportedCase } from '../../../lib/core/results.ts';
import { createGithubActionsExecutor } from '../../../lib/executors/github-actions/github-actions-executor.ts';
import { type Job, type JobEnd, startFakeGithub } from '../../support/fake-github.ts';
import type { Breakage, ExecutorHarness, ExecutorTraits, Setup } from '../contract/harness.ts';
import { makeDispatch } from '../dispatch.ts';
import { toJUnit } from '../to-junit.ts';

export const token = 'github_pat_canary-5f1c';

/** The executor before a GitHub whose workflow `e2e.yml` runs until the test says how it ends. */
export async function startGithub(settings: Record<string, unknown> = {}, now?: () => number) {
  const github = await startFakeGithub({ token });
  const clock = { now: Date.now(), waitedMs: 0 };
  const ends = new Map<string, (end: JobEnd) => void>();
  const network = { timeoutMs: 15_000 };
  const jobs = { endAtOnce: undefined as JobEnd | undefined };
  const egress = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' });
  const create = () =>
    createGithubActionsExecutor({
      egress: { ...egress, send: (request) => egress.send({ ...request, timeoutMs: network.timeoutMs }) },
      secrets: { get: async () => `${token}\n` },
      now: () => (now?.() ?? clock.now) + clock.waitedMs,
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
    async job({ inputs: { proctor_key: key = '' } }: Job) {
      return jobs.endAtOnce ?? new Promise<JobEnd>((resolve) => ends.set(key, resolve));
    },
  });
  let createdAt: number | undefined;
  return {
    github,
    clock,
    network,
    jobs,
    executor: create(),
    /** That of another process. */
    create,
    dispatch(overrides: Partial<Dispatch> = {}, more: Record<string, unknown> = {}): Dispatch {
      createdAt ??= now?.() ?? clock.now - 1000;
      const executor = {
        type: 'github-actions',
        repository: github.repository,
        workflow: 'e2e.yml',
        token: 'env:GITHUB_TOKEN',
        apiUrl: github.origin,
        selector: 'playwright',
        ...settings,
        ...more,
      };
      return makeDispatch(executor, { createdAt, ...overrides });
    },
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

/** The end of a job that uploads a report of the cases. */
export function ended(cases: readonly ReportedCase[], conclusion?: string): JobEnd {
  const failed = cases.some(({ result }) => result === 'failed');
  return {
    conclusion: conclusion ?? (failed ? 'failure' : 'success'),
    artifacts: { 'junit-chromium': { 'reports/junit.xml': toJUnit(cases) } },
  };
}

export const githubTraits: ExecutorTraits = {
  breaks: ['down', 'throttled', 'refuse', 'refuseStop', 'stopLate', 'garbage', 'oversized', 'lostAnswer', 'silent'],
  polls: true,
  stops: true,
  callsBack: false,
  // GitHub knows no key of a dispatch. In one process they are one job; of two, the claim of the dispatch lets one through.
  startsAtomically: false,
  tellsProgress: false,
  // Its report is JUnit XML, which has no iterations.
  cannotTell: ['iteration'],
  takes: ['variables', 'selection'],
  waitSeconds: 7,
  secret: token,
};

const joint = '␟';

/** A harness before a server that tells a dispatch its run's id, or does not. */
export const setupGithub =
  (tellsRunIds: boolean): Setup =>
  async (now): Promise<ExecutorHarness> => {
    const selector = { arguments: '--grep {pattern}', join: joint };
    const world = await startGithub({ selector, variables: ['GREETING'] }, now);
    const { github, create, executor, dispatch, end, network, jobs, clock } = world;
    github.tellsRunIds = tellsRunIds;
    /** Everything is answered like that; what was sent comes back in it. */
    const answerAll = (status: number, headers = {}, text = '') => {
      github.answer = ({ authorization, body }, response) => {
        response.writeHead(status, headers).end(`${text} ${authorization} ${JSON.stringify(body)}`);
        return true;
      };
    };
    const breakages: Record<Breakage, () => void> = {
      down: () => answerAll(503),
      throttled: () => answerAll(429, { 'retry-after': String(githubTraits.waitSeconds) }),
      refuse: () => answerAll(403),
      refuseStop: () => {
        github.answer = ({ path }, response) => {
          if (!path.endsWith('/cancel')) return false;
          response.writeHead(403).end('{}');
          return true;
        };
      },
      stopLate: () => {
        github.deaf = true;
      },
      garbage: () => answerAll(200, {}, '<html>It works!</html>'),
      oversized: () => {
        github.answer = (_, response) => answerWithoutEnd(response);
      },
      lostAnswer: () => {
        github.answer = (call, response, url) => {
          github.serve(call, url);
          response.destroy();
          return true;
        };
      },
      silent: () => {
        network.timeoutMs = 200;
        github.answer = () => true;
      },
    };
    return {
      executor,
      another: create,
      dispatch: (overrides) => dispatch(overrides),
      jobsStarted: () => github.runs.length,
      received({ key }) {
        const run = github.runs.find(({ inputs }) => inputs.proctor_key?.startsWith(`${key}-`));
        const { proctor_variables: variables = '{}', proctor_selection: selection = '' } = run?.inputs ?? {};
        return { variables: JSON.parse(variables), selection: namesIn(selection) };
      },
      progress: () => {},
      endJob: (one, cases) => end(one, ended(cases)),
      endWithoutResults: (one) => end(one, { conclusion: 'success' }),
      endAtOnce(cases) {
        jobs.endAtOnce = ended(cases);
      },
      breakDown: (how) => breakages[how](),
      recover() {
        // A limit is over when its time is.
        clock.waitedMs += (githubTraits.waitSeconds ?? 0) * 1000;
        network.timeoutMs = 15_000;
        github.answer = undefined;
        github.hear();
      },
      close: github.close,
    };
  };

/** The names in the words, as the workflow's shell hands them over. */
function namesIn(selection: string): string[] | null {
  if (selection === '') return null;
  const env = { PATH: process.env.PATH, SELECTION: selection };
  const words = execFileSync('sh', ['-c', `eval "printf '%s\\\\0' $SELECTION"`], { env, encoding: 'utf8' }).split('\0');
  const [, pattern = ''] = words;
  return pattern.split(joint).map((name) => name.replace(/\\(.)/gs, '$1'));
}

/** JSON that goes on until nobody reads it any more. */
function answerWithoutEnd(response: ServerResponse): boolean {
  const chunk = 'x'.repeat(256 * 1024);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.writeHead(200, { 'content-type': 'application/json' }).on('drain', write);
  response.write('{"fill":"');
  write();
  return true;
}
