import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One result of an execution, in the vendor's words. */
export interface FakeResult {
  readonly scenario: string;
  readonly level: string;
  readonly runtime?: number;
  readonly message?: string;
  readonly environment?: { readonly id: number; readonly name: string; readonly browser?: string };
  /** Another one than its name's. */
  readonly scenarioId?: number;
}

export interface FakeExecution {
  readonly id: number;
  readonly plan: string;
  username: string;
  readonly startedAt: number;
  endedAt?: number;
  results: readonly (FakeResult & { readonly id: number; readonly scenarioId: number })[];
  summary?: Readonly<Record<string, number>>;
  errorCode?: string;
  truncated?: true;
  /** What the start asked for. */
  readonly key: string | undefined;
  readonly callbackUrl: string | null;
  readonly force: string | undefined;
  readonly scenarios: readonly number[] | undefined;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** True if it answered, or will not. */
export type Answering = (asked: Asked, response: ServerResponse) => boolean;

const api = '/Testinium.RestApi/api';
/** Once the executor read this much it must have given up. */
const endless = 'x'.repeat(8 * 1024 * 1024);

/**
 * A tenant as contracts/testinium.md has it: one user, any plan, both shapes. Its executions go on until `end`. Like the
 * vendor it can be one that knows no `Idempotency-Key`, names scenarios by id alone, or runs one execution of a plan at a time.
 */
export async function startFakeTestinium(
  options: { knowsKeys?: boolean; inlinesNames?: boolean; overlap?: 'allow' | 'reject' } = {},
) {
  const { knowsKeys = true, inlinesNames = true, overlap = 'allow' } = options;
  const executions: FakeExecution[] = [];
  const asked: Asked[] = [];
  const access = new Set<string>();
  const refreshing = new Set<string>();
  const scenarioIds = new Map<string, number>();
  const grants: string[] = [];
  let serial = 5000;
  let onStart: ((execution: FakeExecution) => void) | undefined;

  const scenarioIdOf = (scenario: string): number => {
    const id = scenarioIds.get(scenario) ?? 800 + scenarioIds.size;
    scenarioIds.set(scenario, id);
    return id;
  };
  const setResults = (execution: FakeExecution, results: readonly FakeResult[]): void => {
    execution.results = results.map((result) => ({
      ...result,
      id: ++serial,
      scenarioId: result.scenarioId ?? scenarioIdOf(result.scenario),
    }));
  };
  const begin = (plan: string, from: Partial<FakeExecution>): FakeExecution => {
    const execution: FakeExecution = {
      id: ++serial,
      plan,
      username: fake.username,
      startedAt: Date.now(),
      results: [],
      key: undefined,
      callbackUrl: null,
      force: undefined,
      scenarios: undefined,
      ...from,
    };
    executions.push(execution);
    onStart?.(execution);
    return execution;
  };
  const isLive = (plan: string) => executions.find((one) => one.plan === plan && one.endedAt === undefined);

  const logIn = ({ body, headers }: Asked, reply: Reply) => {
    const form = new URLSearchParams(body);
    const grant = form.get('grant_type') ?? '';
    grants.push(grant);
    const isUser = form.get('username') === fake.username;
    const isKnown =
      (grant === 'password' && isUser && form.get('password') === fake.secret) ||
      (grant === 'testinium_access_key' && isUser && form.get('access_key') === fake.secret) ||
      (grant === 'refresh_token' && refreshing.delete(form.get('refresh_token') ?? ''));
    if (fake.client !== undefined && headers.authorization !== fake.client)
      return reply(401, problem('INVALID_CLIENT'));
    if (!isKnown) return reply(401, problem('INVALID_CLIENT'));
    const [token, refresh] = [`pt_access_${++serial}`, `pt_refresh_${serial}`];
    access.add(token);
    refreshing.add(refresh);
    reply(200, {
      access_token: token,
      token_type: 'bearer',
      refresh_token: refresh,
      expires_in: fake.expiresIn,
      scope: 'api',
    });
  };

  const run = (plan: string, request: Asked, reply: Reply, from: Partial<FakeExecution>) => {
    const key = request.headers['idempotency-key'];
    const same = knowsKeys ? executions.find((one) => one.key !== undefined && one.key === key) : undefined;
    const live = isLive(plan);
    const body = { unavailable_env_list: [], test_plan_id: 204 };
    if (same === undefined && live !== undefined && overlap === 'reject') {
      const busy = { successful: false, succesful: false, already_running: true, running_execution_id: live.id };
      return reply(409, { ...body, ...busy, ...problem('ALREADY_RUNNING') });
    }
    const { id } = same ?? begin(plan, { key, ...from });
    reply(200, { execution_id: id, ...body, successful: true, succesful: true, already_running: false });
  };

  const serve = (request: Asked, reply: Reply) => {
    const [, kind = '', id = '', action = '', argument] = request.path.slice(api.length).split('/');
    const found = executions.find((one) => String(one.id) === id);
    if (kind === 'plans' && action === 'run') {
      const callbackUrl = request.query.get('callbackUrl');
      return run(id, request, reply, { callbackUrl, force: argument });
    }
    if (kind === 'plans' && action === 'rerun') {
      const scenarios = JSON.parse(request.body) as number[];
      const last = executions.findLast((one) => one.plan === id && one.endedAt !== undefined);
      if (last === undefined) return reply(404, problem('EXECUTION_NOT_FOUND'));
      const known = new Set(last.results.map(({ scenarioId }) => scenarioId));
      if (!scenarios.every((one) => known.has(one))) return reply(404, problem('SCENARIO_NOT_FOUND'));
      return run(id, request, reply, { scenarios });
    }
    if (kind === 'plans' && action === 'stop') {
      const live = executions.filter((one) => one.plan === id && one.endedAt === undefined);
      if (!fake.stopsLate) for (const one of live) end(one, [], { errorCode: 'RUN_STOPPED', summary: { ERROR: 1 } });
      return reply(200, { status: live.length > 0 ? 'SUCCESS' : 'NOT_AVAILABLE', message: '' });
    }
    if (kind === 'plans' && action === 'executions') {
      const own = executions.filter((one) => one.plan === id).toReversed();
      const size = Number(request.query.get('size') ?? 20);
      const item_list = own.slice(0, size).map((one) => toExecution(one, 'cloud'));
      return reply(200, { current_page: 1, total_count: own.length, page_count: 1, item_list });
    }
    if (kind === 'executions' || kind === 'testExecutions') {
      if (found === undefined) return reply(404, problem('EXECUTION_NOT_FOUND'));
      return reply(200, toExecution(found, kind === 'executions' ? 'cloud' : 'enterprise'));
    }
    if (kind === 'results' || kind === 'testResults') {
      const result = executions.flatMap(({ results }) => results).find((one) => String(one.id) === id);
      return result ? reply(200, toResult(result)) : reply(404, problem('RESULT_NOT_FOUND'));
    }
    if (kind === 'scenarios') {
      const name = [...scenarioIds].find(([, number]) => String(number) === id)?.[0];
      return name ? reply(200, { id: Number(id), scenario_name: name }) : reply(404, problem('SCENARIO_NOT_FOUND'));
    }
    reply(404, problem('NOT_FOUND'));
  };

  const toResult = ({
    id,
    level,
    runtime = 0,
    message = '',
    scenarioId,
    scenario,
    environment,
  }: FakeExecution['results'][number]) => ({
    id,
    level,
    runtime,
    message,
    scenario_id: scenarioId,
    test_scenario: { id: scenarioId, ...(inlinesNames ? { scenario_name: scenario } : {}) },
    ...(environment === undefined
      ? {}
      : {
          environment: { id: environment.id, name: environment.name, browser_type: environment.browser ?? 'UNKNOWN' },
        }),
  });
  const toExecution = (one: FakeExecution, shape: 'cloud' | 'enterprise') => {
    const write = (at: number) => (shape === 'cloud' ? new Date(at).toISOString() : at);
    const counts: Record<string, number> = {};
    for (const { level } of one.results) counts[level] = (counts[level] ?? 0) + 1;
    return {
      id: one.id,
      username: one.username,
      plan_name: 's',
      start_date: write(one.startedAt),
      ...(one.endedAt === undefined ? {} : { end_date: write(one.endedAt) }),
      result_summary: one.summary ?? counts,
      test_results: shape === 'cloud' ? one.results.map(({ id }) => id) : one.results.map(toResult),
      ...(one.truncated ? { test_results_truncated: true } : {}),
      ...(one.errorCode === undefined ? {} : { error_code: one.errorCode, error_definition: 'As it is.' }),
    };
  };
  const end = (
    execution: FakeExecution,
    results: readonly FakeResult[],
    how: Partial<Pick<FakeExecution, 'errorCode' | 'summary' | 'endedAt' | 'truncated'>> = {},
  ): void => {
    setResults(execution, results);
    Object.assign(execution, { endedAt: Date.now(), ...how });
  };

  const server = createServer(async (request, response) => {
    const message = await receive(request);
    asked.push(message);
    const reply: Reply = (status, body, headers = {}) => {
      if (response.destroyed) return;
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    };
    if (fake.before?.(message, response)) return;
    if (fake.losesAnswers) {
      // Everything is done, and nobody hears of it.
      serveAny(message, () => response.destroy());
      return;
    }
    serveAny(message, reply);
  });
  const serveAny = (message: Asked, reply: Reply) => {
    if (message.path.endsWith('/oauth/token')) return logIn(message, reply);
    const token = /^Bearer (.+)$/.exec(message.headers.authorization ?? '')?.[1] ?? '';
    if (!access.has(token)) return reply(401, problem('UNAUTHORIZED'));
    serve(message, reply);
  };

  const fake = {
    origin: '',
    username: 'proctor',
    secret: 'prk_example',
    client: undefined as string | undefined,
    expiresIn: 86_400,
    executions,
    /** Every request, tokens included. */
    asked: asked as readonly Asked[],
    /** Grants of the logins, in their order. */
    grants: grants as readonly string[],
    before: undefined as Answering | undefined,
    losesAnswers: false,
    stopsLate: false,
    /** No token that was given is taken any more. */
    expireTokens: () => access.clear(),
    forgetRefreshTokens: () => refreshing.clear(),
    begin,
    end,
    setResults,
    scenarioIdOf,
    /** The name of a scenario. */
    scenarioOf: (id: number): string => [...scenarioIds].find(([, known]) => known === id)?.[0] ?? '',
    onStart: (listener: (execution: FakeExecution) => void) => {
      onStart = listener;
    },
    /** Paths after the API's base that were asked for, with their queries left out. */
    paths: () =>
      asked.filter(({ path }) => path.startsWith(api)).map(({ method, path }) => `${method} ${path.slice(api.length)}`),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fake.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

/** Answers everything with a status, or with what is no answer at all. */
export const answering = {
  status:
    (status: number, headers: Record<string, string> = {}): Answering =>
    ({ body }, response) => {
      response.writeHead(status, headers).end(body);
      return true;
    },
  page: ((_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>It works!</html>');
    return true;
  }) satisfies Answering,
  endless: ((_asked, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(endless);
    return true;
  }) satisfies Answering,
};

type Reply = (status: number, body: unknown, headers?: Record<string, string>) => void;

function problem(code: string) {
  return { error: code, message: code, error_description: 'A sentence that nobody should see.' };
}

async function receive(request: IncomingMessage): Promise<Asked> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://tenant');
  const headers = request.headers as Record<string, string | undefined>;
  return {
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
