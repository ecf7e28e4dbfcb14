import type { ServerResponse } from 'node:http';
import { createEgress } from '../../lib/adapters/egress.ts';
import type { PickedCase } from '../../lib/core/executor.ts';
import type { ReportableResult, ReportedCase } from '../../lib/core/results.ts';
import { createTestsigmaExecutor } from '../../lib/executors/testsigma.ts';
import {
  type FakeCase,
  type FakeRun,
  fakePlanId,
  type Received,
  startFakeTestsigma,
} from '../support/fake-testsigma.ts';
import type { Breakage, ExecutorHarness, ExecutorTraits, Setup } from './contract/harness.ts';
import { makeDispatch } from './dispatch.ts';

export const testsigmaTraits: ExecutorTraits = {
  breaks: ['down', 'throttled', 'refuse', 'refuseStop', 'stopLate', 'garbage', 'oversized', 'lostAnswer', 'silent'],
  polls: true,
  stops: true,
  callsBack: false,
  // The tenant knows no key: two processes at the very same moment both find no run of the other.
  startsAtomically: false,
  tellsProgress: true,
  cannotTell: ['className', 'running'],
  takes: ['variables', 'selection'],
  waitSeconds: 7,
  secret: 'canary-5f1c-key',
};

const words: Readonly<Record<ReportableResult, string>> = {
  passed: 'SUCCESS',
  failed: 'FAILURE',
  errored: 'ABORTED',
  skipped: 'SKIPPED',
  blocked: 'PRE_REQUISITE_FAILURE',
  running: 'QUEUED',
};

/** The executor before a tenant, which has a run of Proctor's that ended with whatever is to be picked. */
export const setupTestsigma: Setup = async (now): Promise<ExecutorHarness> => {
  const tenant = await startFakeTestsigma();
  const egress = createEgress({ allowHttp: true, allowPrivate: ['127.0.0.1'], ports: 'any' });
  let timeoutMs = 15_000;
  const create = () =>
    createTestsigmaExecutor({
      egress: { ...egress, send: (request) => egress.send({ ...request, timeoutMs }) },
      secrets: { get: async () => testsigmaTraits.secret },
      now,
      newId: () => 'fresh',
    });
  const settings = { type: 'testsigma', url: tenant.origin, apiKey: 'env:TENANT_KEY', testPlanId: fakePlanId };
  const bases: FakeRun[] = [];
  const addBase = (selection: readonly PickedCase[]): void => {
    const cases = selection.map(({ suite, name, iterations }): FakeCase => {
      const sets = iterations && { iterations: Object.fromEntries(iterations.map((set) => [set, 'FAILURE'])) };
      return { suite, name, result: 'FAILURE', ...sets };
    });
    bases.push(tenant.addRun({ cases, buildNo: `proctor-run-${bases.length + 1}-a1-0123456789ab` }));
  };
  const runOf = (key: string): FakeRun => {
    const run = tenant.runs.find(({ buildNo }) => buildNo?.startsWith(`proctor-${key}-`) && !isBase(buildNo));
    if (run === undefined) throw new Error(`The tenant has no run of ${key}`);
    return run;
  };
  const isBase = (buildNo: string): boolean => bases.some((base) => base.buildNo === buildNo);
  const show = (run: FakeRun, cases: readonly ReportedCase[], ended: boolean): void => {
    Object.assign(run, { cases: toRows(cases), ended });
  };
  const answerAll = (answer: (message: Received, response: ServerResponse) => void, only?: string): void => {
    tenant.answer = (message, response) => {
      if (only !== undefined && message.method !== only) return false;
      answer(message, response);
      return true;
    };
  };
  /** What was sent comes back, the key too, as careless servers do. */
  const echo = (status: number, headers = {}) => {
    return ({ headers: sent, json }: Received, response: ServerResponse) =>
      response.writeHead(status, headers).end(JSON.stringify({ sent, json }));
  };
  const breakages: Record<Breakage, () => void> = {
    down: () => answerAll(echo(503)),
    throttled: () => answerAll(echo(429, { 'retry-after': String(testsigmaTraits.waitSeconds) })),
    refuse: () => answerAll(echo(400)),
    refuseStop: () => answerAll(echo(403), 'PUT'),
    stopLate: () => answerAll((_message, response) => response.end('{}'), 'PUT'),
    garbage: () => answerAll((_message, response) => response.end('<html>It works!</html>')),
    oversized: () => answerAll((_message, response) => answerWithoutEnd(response)),
    lostAnswer: () =>
      answerAll((message, response) => {
        tenant.serve(message);
        response.destroy();
      }),
    silent: () => {
      timeoutMs = 200;
      answerAll(() => {});
    },
  };
  return {
    executor: create(),
    another: create,
    dispatch(overrides) {
      if (overrides?.selection) addBase(overrides.selection);
      return makeDispatch(settings, overrides);
    },
    jobsStarted: () => tenant.runs.length - bases.length,
    received({ key }) {
      const json = tenant.received.find(({ json }) => String(json.buildNo).startsWith(`proctor-${key}-`))?.json ?? {};
      const picks = json.testCaseResultRequests as readonly { id: number }[] | undefined;
      const base = bases.find(({ id }) => id === json.executionResultId);
      return {
        variables: json.runtimeData as Record<string, string>,
        selection: picks?.map(({ id }) => base?.cases[id % 100]?.name ?? 'unknown') ?? null,
      };
    },
    progress: ({ key }, cases) => show(runOf(key), cases, false),
    endJob: ({ key }, cases) => show(runOf(key), cases, true),
    endWithoutResults: ({ key }) => show(runOf(key), [], true),
    endAtOnce(cases) {
      tenant.newRun = { cases: toRows(cases), ended: true };
    },
    breakDown: (how) => breakages[how](),
    recover() {
      tenant.answer = undefined;
      timeoutMs = 15_000;
    },
    close: tenant.close,
  };
};

/** One row a case, its iterations in it. */
function toRows(cases: readonly ReportedCase[]): FakeCase[] {
  const rows = new Map<string, FakeCase>();
  for (const { suite, name, iteration, result, durationMs, message } of cases) {
    const key = JSON.stringify([suite, name]);
    const sets =
      iteration === undefined ? {} : { iterations: { ...rows.get(key)?.iterations, [iteration]: words[result] } };
    rows.set(key, { suite, name, result: words[result], duration: durationMs, message: message ?? null, ...sets });
  }
  return [...rows.values()];
}

/** JSON that goes on until nobody reads it any more. */
function answerWithoutEnd(response: ServerResponse): void {
  const chunk = 'x'.repeat(256 * 1024);
  const write = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.writeHead(200, { 'content-type': 'application/json' }).on('drain', write);
  response.write('{"status":"STATUS_COMPLETED","fill":"');
  write();
}
