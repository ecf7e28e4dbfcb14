import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One case of the tenant's plan, and how it ends. */
export interface FakeCase {
  readonly suite: string;
  readonly name: string;
  readonly result: string | null;
  readonly machine?: string;
  readonly message?: string | null;
  readonly duration?: number | null;
  /** Results of its iterations by their names. */
  readonly iterations?: Readonly<Record<string, string>>;
}

export interface FakeRun {
  readonly id: number;
  readonly startTime: number;
  buildNo: string | null;
  environmentId: number | null;
  /** The run it runs again. */
  rerunOf: number | null;
  cases: readonly FakeCase[];
  ended: boolean;
  /** Takes the place of keys of its run object. */
  change: Record<string, unknown>;
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly json: Record<string, unknown>;
}

export interface FakeTestsigma {
  readonly origin: string;
  readonly received: readonly Received[];
  readonly runs: FakeRun[];
  /** A run of the plan that ended, with an id of its own. */
  addRun(change?: Partial<FakeRun>): FakeRun;
  /** How runs are from now on when they start. */
  newRun: Partial<FakeRun> | undefined;
  /** Does what it is asked, and says what it would answer. */
  serve(received: Received): { readonly status: number; readonly body: unknown };
  /** Takes the place of the tenant's own answers while it answers true. */
  answer: ((received: Received, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

const fixture = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../http/testsigma/fixtures/${name}.json`, import.meta.url), 'utf8'));
const created = fixture('contract-trigger');
const status = fixture('contract-status');

/** The id of the plan in the documents of the contract. */
export const fakePlanId = 58;

/**
 * A Testsigma tenant on loopback that answers the documents of contracts/testsigma.md, with the ids, times and results of its
 * own runs in them. Like the vendor it knows no idempotency keys, and a run lasts until a test ends it.
 */
export async function startFakeTestsigma(now: () => number = Date.now): Promise<FakeTestsigma> {
  const received: Received[] = [];
  const runs: FakeRun[] = [];
  const addRun = (change: Partial<FakeRun> = {}): FakeRun => {
    const run = {
      id: 1204 + runs.length,
      startTime: now(),
      buildNo: null,
      environmentId: null,
      rerunOf: null,
      cases: [],
      ended: true,
      change: {},
      ...change,
    };
    runs.push(run);
    return run;
  };
  const trigger = (json: Record<string, unknown>): FakeRun => {
    const rerunOf = json.isReRun === true ? Number(json.executionResultId) : null;
    const { buildNo = null, environmentId = null } = json as Partial<FakeRun>;
    return addRun({ buildNo, environmentId, rerunOf, ended: false, ...fake.newRun });
  };

  const serve = (message: Received): { status: number; body: unknown } => {
    const { pathname, searchParams } = new URL(message.url, 'http://tenant');
    const [, id, sub] = /^\/api\/v1\/execution_results(?:\/(\d+))?(\/test_case_results)?$/.exec(pathname) ?? [];
    if (id === undefined) {
      const planId = Number(searchParams.get('executionId') ?? message.json.executionId);
      if (planId !== fakePlanId) return { status: 404, body: refusal('NOT_FOUND') };
      if (message.method === 'POST') {
        return { status: 200, body: { ...created, ...toObject(trigger(message.json)), ...createdWords } };
      }
      const [page, size] = [Number(searchParams.get('page')), Number(searchParams.get('size'))];
      const newest = [...runs].reverse();
      const content = newest.slice(page * size, (page + 1) * size).map(toObject);
      const last = (page + 1) * size >= newest.length;
      return { status: 200, body: { content, last, totalElements: newest.length } };
    }
    const run = runs.find((candidate) => candidate.id === Number(id));
    if (run === undefined) return { status: 404, body: refusal('NOT_FOUND') };
    if (sub !== undefined) return { status: 200, body: toCaseResults(run) };
    if (message.method === 'PUT' && !run.ended) Object.assign(run, { ended: true, change: { result: 'STOPPED' } });
    return { status: 200, body: toObject(run) };
  };
  const server = createServer(async (request, response) => {
    const message = await receive(request);
    received.push(message);
    if (fake.answer?.(message, response)) return;
    const { status: code, body } = serve(message);
    response.writeHead(code, { 'content-type': 'application/json;charset=UTF-8' }).end(JSON.stringify(body));
  });
  const fake: FakeTestsigma = {
    origin: '',
    received,
    runs,
    addRun,
    newRun: undefined,
    serve,
    answer: undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(fake, { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });

  function toObject(run: FakeRun): Record<string, unknown> {
    const counts = (word: string): number => run.cases.filter(({ result }) => result === word).length;
    const passed = run.cases.every(({ result }) => result === 'SUCCESS');
    return {
      ...status,
      execution: null,
      id: run.id,
      startTime: run.startTime,
      endTime: run.ended ? run.startTime + 1000 : null,
      result: run.ended ? (passed ? 'SUCCESS' : 'FAILURE') : 'QUEUED',
      status: run.ended ? 'STATUS_COMPLETED' : 'STATUS_IN_PROGRESS',
      buildNo: run.buildNo,
      environmentId: run.environmentId,
      totalCount: run.cases.length,
      passedCount: counts('SUCCESS'),
      failedCount: counts('FAILURE'),
      notExecutedCount: counts('NOT_EXECUTED'),
      reRunParentId: run.rerunOf,
      app_url: `https://tenant.example/runs/${run.id}`,
      ...run.change,
    };
  }
}

const createdWords = { result: 'QUEUED', status: 'STATUS_CREATED', endTime: null };

/** Ids of results grow from the run's own, so that a test can tell them. */
function toCaseResults(run: FakeRun): Record<string, unknown> {
  const testCases = run.cases.map((testCase, i) => ({
    testCaseId: 700 + i,
    testCaseName: testCase.name,
    testCaseResultId: run.id * 100 + i,
    result: testCase.result,
    isDataDrivenCase: testCase.iterations !== undefined,
    iterationResults: Object.entries(testCase.iterations ?? {}).map(([setName, result], k) => ({
      iterationResultId: run.id * 10_000 + i * 100 + k,
      setName,
      result,
    })),
    testSuiteId: 65,
    testSuiteName: testCase.suite,
    testSuiteResultId: 5120,
    machineId: 77,
    machineTitle: testCase.machine ?? 'chrome-linux',
    machineResultId: 6031,
    message: testCase.message ?? null,
    duration: testCase.duration ?? null,
  }));
  return {
    executionId: fakePlanId,
    executionResultId: run.id,
    result: 'FAILURE',
    status: 'STATUS_COMPLETED',
    testCases,
  };
}

/** The error body of the contract; what it repeats is a canary in tests of secrets. */
export function refusal(code: string, error = 'Invalid request'): Record<string, unknown> {
  return { timeStamp: null, error, code, fieldErrors: null, objectErrors: null };
}

async function receive(request: IncomingMessage): Promise<Received> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const text = Buffer.concat(chunks).toString('utf8');
  const headers = request.headers as Record<string, string | undefined>;
  return { method: request.method ?? '', url: request.url ?? '', headers, json: text === '' ? {} : JSON.parse(text) };
}
